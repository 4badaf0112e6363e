-- Each touch that names an asset counts for that one, and each asset that is named is there.
with touched as (
    select content_key, count(*) as touches
    from {{ ref('fct_touches') }}
    where content_key is not null
    group by content_key
),

told as (
    select content_key, marketing_touches + sales_touches as touches
    from {{ ref('dim_content') }}
)

select coalesce(t.content_key, d.content_key) as content_key, t.touches, d.touches as told
from touched as t
full outer join told as d on t.content_key = d.content_key
where d.content_key is null or coalesce(t.touches, 0) <> d.touches
