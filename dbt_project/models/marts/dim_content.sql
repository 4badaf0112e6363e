with contents as (
    select * from {{ ref('int_contents') }}
),

uses as (
    select
        content_key,
        count(*) as touches,
        sum(case when team = 'marketing' then 1 else 0 end) as marketing_touches,
        sum(case when team = 'sales' then 1 else 0 end) as sales_touches,
        -- Whom a machine alone wrote to was not reached by it.
        count(distinct case when not is_automated then person_key end) as people_touched,
        count(distinct case
            when not is_automated and pass_number is not null
                then person_key || '#' || cast(pass_number as varchar)
        end) as passes_touched,
        min(occurred_at) as first_touched_at,
        max(occurred_at) as last_touched_at,
        max(touched_date) as last_touched_date
    from {{ ref('fct_touches') }}
    where content_key is not null
    group by content_key
),

settings as (
    select * from {{ ref('int_agreed_settings') }}
),

context as (
    select * from {{ source('ops', 'run_context') }}
),

used as (
    select
        c.*,
        cast(coalesce(u.marketing_touches, 0) as bigint) as marketing_touches,
        cast(coalesce(u.sales_touches, 0) as bigint) as sales_touches,
        cast(coalesce(u.people_touched, 0) as bigint) as people_touched,
        cast(coalesce(u.passes_touched, 0) as bigint) as passes_touched,
        u.first_touched_at,
        u.last_touched_at,
        case
            when c.told_used_at > u.last_touched_at or u.last_touched_at is null then c.told_used_at
            else u.last_touched_at
        end as last_used_at,
        greatest(u.last_touched_date, c.told_used_date) as last_used_date
    from contents as c
    left join uses as u on c.content_key = u.content_key
),

judged as (
    select
        u.*,
        -- What is new has its time to be found.
        coalesce(
            {{ days_between('greatest(u.last_used_date, u.created_date)', 'ctx.as_of_date') }}
            >= s.content_unused_after_days,
            true
        ) as is_unused
    from used as u
    cross join settings as s
    cross join context as ctx
)

select
    content_key,
    source,
    instance,
    content_id,
    name,
    content_type,
    message_type,
    personas,
    buying_stages,
    profile,
    campaign,
    campaign_key,
    owner_key,
    owner_team,
    location,
    created_at,
    updated_at,
    changed_date,
    last_used_at,
    last_used_date,
    marketing_touches,
    sales_touches,
    people_touched,
    passes_touched,
    first_touched_at,
    last_touched_at,
    case
        when marketing_touches > 0 and sales_touches > 0 then 'both'
        when marketing_touches > 0 then 'marketing'
        when sales_touches > 0 then 'sales'
        else 'nobody'
    end as used_by,
    case
        when is_lost then 'lost'
        when is_retired then 'retired'
        when is_stale then 'stale'
        when is_orphaned then 'orphaned'
        when is_unused then 'unused'
        else 'active'
    end as state,
    not is_lost and not is_retired and not is_stale as is_current,
    is_lost,
    is_retired,
    is_stale,
    is_orphaned,
    is_unused,
    is_deleted
from judged
