with passes as (
    select * from {{ ref('int_passes') }}
),

entries as (
    select * from {{ ref('int_stage_entries') }} where journey_type = 'pass'
),

context as (
    select * from {{ source('ops', 'run_context') }}
),

first_dated as (
    select e.journey_key as pass_key, max(e.precision) as precision
    from entries as e
    inner join passes as p on e.journey_key = p.pass_key and e.entered_at = p.started_at
    group by e.journey_key
)

-- Nobody knows when: before all that is known.
select
    p.pass_key,
    coalesce(
        {{ moment('p.started_at', 'f.precision', 'ctx.reporting_time_zone') }}, {{ since_ever() }}
    ) as moment
from passes as p
cross join context as ctx
left join first_dated as f on p.pass_key = f.pass_key
