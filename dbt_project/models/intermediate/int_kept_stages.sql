with sources as (
    select distinct source from {{ source('raw_mapping', 'exports') }}
),

agreed_stages as (
    select * from {{ ref('int_agreed_stages') }}
)

select s.source, {{ collect_list_by('a.stage_rank', 'a.stage_rank') }} as kept_ranks
from sources as s
inner join agreed_stages as a on s.source <> a.authority
-- A system that delivers nothing has no say.
inner join sources as d on a.authority = d.source
group by s.source
