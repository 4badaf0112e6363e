with exports as (
    select * from {{ source('raw_mapping', 'exports') }}
),

-- Also of loads that a later one replaced: they were delivered.
deliveries as (
    select object as entity, export, max(window_end) as delivered_until
    from {{ source('ops', 'loads') }}
    where export is not null
    group by object, export
),

settings as (
    select * from {{ ref('int_agreed_settings') }}
),

context as (
    select * from {{ source('ops', 'run_context') }}
),

timed as (
    select
        e.source,
        e.instance,
        e.entity,
        e.export,
        d.delivered_until,
        cast({{ seconds_between('d.delivered_until', 'c.as_of') }} / 3600 as double) as hours_old,
        s.stale_after_hours
    from exports as e
    cross join context as c
    cross join settings as s
    left join deliveries as d on e.entity = d.entity and e.export = d.export
)

-- Held against as_of and not against the clock on the wall: the same run says the same tomorrow.
select
    *,
    coalesce(hours_old > stale_after_hours, true) as is_stale
from timed
