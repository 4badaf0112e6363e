with clocks as (
    select * from {{ ref('int_sla_clocks_timed') }}
),

periods as (
    select * from {{ ref('int_sla_periods') }}
),

slas as (
    select * from {{ source('agreement', 'slas') }}
)

-- A clock belongs to the period in which it is due.
select
    c.clock_key,
    c.sla,
    c.team,
    c.metric,
    c.agreement_version,
    c.handoff_key,
    c.owner_key,
    c.assignment_number,
    s.period,
    case s.period
        when 'month' then {{ period_start('c.due_date', 'month') }}
        else {{ period_start('c.due_date', 'quarter') }}
    end as period_start,
    c.calendar,
    c.time_zone,
    c.target,
    c.business_minutes as actual,
    c.started_at,
    c.due_at,
    c.due_date,
    c.stopped_at,
    c.business_minutes,
    c.elapsed_minutes,
    cast(null as double) as pace,
    c.status
from clocks as c
inner join slas as s on c.agreement_version = s.version and c.sla = s.sla
union all
select
    p.clock_key,
    p.sla,
    p.team,
    p.metric,
    p.agreement_version,
    cast(null as varchar),
    cast(null as varchar),
    cast(null as integer),
    p.period,
    p.period_start,
    s.calendar,
    cast(null as varchar),
    p.target,
    p.actual,
    p.started_at,
    p.due_at,
    {{ days_later('p.period_end', -1) }},
    cast(null as timestamp),
    cast(null as double),
    cast(null as double),
    p.pace,
    p.status
from periods as p
inner join slas as s on p.agreement_version = s.version and p.sla = s.sla
