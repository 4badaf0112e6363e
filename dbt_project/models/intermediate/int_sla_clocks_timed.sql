with clocks as (
    select
        *,
        cast(started_at as date) as started_utc_date,
        cast(stopped_at as date) as stopped_utc_date,
        cast(voided_at as date) as voided_utc_date
    from {{ ref('int_sla_clocks_started') }}
),

business_time as (
    select * from {{ ref('int_business_time') }}
),

business_slots as (
    select * from {{ ref('int_business_slots') }}
),

context as (
    select * from {{ source('ops', 'run_context') }}
),

now_on_axis as (
    select b.axis_number, {{ business_seconds_at('b', 'ctx.as_of') }} as seconds_now
    from business_time as b
    inner join context as ctx
        on
            b.utc_date = cast(ctx.as_of as date)
            and b.from_at <= ctx.as_of
            and b.until_at > ctx.as_of
),

on_axis as (
    select
        c.*,
        {{ business_seconds_at('b', 'c.started_at') }} as seconds_at_start,
        {{ business_seconds_at('e', 'c.stopped_at') }} as seconds_at_stop,
        {{ business_seconds_at('v', 'c.voided_at') }} as seconds_at_void,
        n.seconds_now,
        {{ business_seconds_at('b', 'c.started_at') }} + c.target * 60 as seconds_at_due
    from clocks as c
    left join now_on_axis as n on c.axis_number = n.axis_number
    left join business_time as b
        on
            c.axis_number = b.axis_number
            and c.started_utc_date = b.utc_date
            and c.started_at >= b.from_at
            and c.started_at < b.until_at
    left join business_time as e
        on
            c.axis_number = e.axis_number
            and c.stopped_utc_date = e.utc_date
            and c.stopped_at >= e.from_at
            and c.stopped_at < e.until_at
    left join business_time as v
        on
            c.axis_number = v.axis_number
            and c.voided_utc_date = v.utc_date
            and c.voided_at >= v.from_at
            and c.voided_at < v.until_at
),

due as (
    select
        c.*,
        {{ seconds_later('s.from_at', 'c.seconds_at_due - s.seconds_before') }} as due_at
    from on_axis as c
    left join business_slots as s
        on
            c.axis_number = s.axis_number
            and {{ business_slot('c.seconds_at_due') }} = s.slot
            and c.seconds_at_due > s.seconds_before
            and c.seconds_at_due <= s.seconds_after
),

-- Compared on the axis: outside business hours no time passes, so that what is due at the end of a day
-- is met as long as the next one has not begun.
judged as (
    select
        d.*,
        case
            when
                d.voided_at is not null
                and (d.stopped_at is null or d.voided_at < d.stopped_at)
                and d.seconds_at_void <= d.seconds_at_due
                then 'void'
            when d.stopped_at is not null and d.seconds_at_stop <= d.seconds_at_due then 'met'
            when d.stopped_at is not null then 'late'
            when d.seconds_now > d.seconds_at_due then 'overdue'
            else 'pending'
        end as status
    from due as d
)

select
    j.clock_key,
    j.sla,
    j.team,
    j.metric,
    j.agreement_version,
    j.handoff_key,
    j.owner_key,
    j.assignment_number,
    j.calendar,
    j.time_zone,
    j.target,
    j.started_at,
    j.due_at,
    j.stopped_at,
    j.voided_at,
    {{ reporting_date('j.due_at', "'second'", 'ctx.reporting_time_zone') }} as due_date,
    cast(
        (coalesce(
            j.seconds_at_stop, case when j.status = 'void' then j.seconds_at_void end, j.seconds_now
        ) - j.seconds_at_start) / 60 as double
    ) as business_minutes,
    cast(
        {{ seconds_between(
            'j.started_at',
            "coalesce(j.stopped_at, case when j.status = 'void' then j.voided_at end, ctx.as_of)"
        ) }} / 60 as double
    ) as elapsed_minutes,
    j.status
from judged as j
cross join context as ctx
