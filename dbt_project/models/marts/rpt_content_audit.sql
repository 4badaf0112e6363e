with contents as (
    select
        c.*,
        {{ days_between('c.changed_date', 'ctx.as_of_date') }} as days_unchanged,
        {{ days_between('c.last_used_date', 'ctx.as_of_date') }} as days_unused
    from {{ ref('dim_content') }} as c
    cross join {{ source('ops', 'run_context') }} as ctx
),

tags as (
    select * from {{ ref('int_content_tags') }}
),

cells as (
    select
        content_key,
        sum(case when tag_kind = 'persona' and is_agreed then 1 else 0 end)
        * sum(case when tag_kind = 'buying_stage' and is_agreed then 1 else 0 end) as cells,
        sum(case when is_agreed then 0 else 1 end) as unmapped_tags
    from tags
    group by content_key
)

select
    c.content_key,
    c.name,
    c.content_type,
    c.message_type,
    c.personas,
    c.buying_stages,
    c.campaign,
    c.owner_key,
    c.owner_team,
    c.location,
    c.state,
    c.is_current,
    c.is_lost,
    c.is_retired,
    c.is_stale,
    c.is_orphaned,
    c.is_unused,
    c.used_by,
    cast(coalesce(e.cells, 0) as bigint) as cells,
    cast(coalesce(e.unmapped_tags, 0) as bigint) as unmapped_tags,
    cast(c.days_unchanged as bigint) as days_unchanged,
    cast(c.days_unused as bigint) as days_unused,
    c.marketing_touches,
    c.sales_touches,
    c.people_touched,
    c.passes_touched,
    c.first_touched_at,
    c.last_touched_at
from contents as c
left join cells as e on c.content_key = e.content_key
