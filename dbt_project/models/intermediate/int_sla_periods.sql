with handoffs as (
    select * from {{ ref('int_handoffs') }}
),

completeness as (
    select * from {{ ref('int_handoff_completeness') }}
),

answers as (
    select * from {{ ref('int_handoff_answers') }}
),

versions as (
    select * from {{ ref('int_agreement_versions') }}
),

slas as (
    select * from {{ source('agreement', 'slas') }} where target_unit <> 'minutes'
),

settings as (
    select * from {{ ref('int_agreed_settings') }}
),

context as (
    select * from {{ source('ops', 'run_context') }}
),

business_days as (
    select * from {{ ref('int_business_days') }}
),

handoff_segments as (
    select s.handoff_key, v.segment, v.segment_value
    from {{ ref('int_handoff_segments') }} as s
    inner join {{ ref('int_segment_values') }} as v on s.segment_set = v.segment_set
),

first_handoff as (
    select min(handed_off_date) as first_date from handoffs
),

-- From the first hand-off to as_of: before it there was nothing to promise.
periods as (
    select p.period_type as period, p.period_start, p.period_end
    from {{ ref('int_periods') }} as p
    inner join first_handoff as f on p.period_end > f.first_date
    inner join context as ctx on p.period_start <= ctx.as_of_date
),

-- A changed target applies from the next period: the version in force when it begins.
promised as (
    select
        p.period,
        p.period_start,
        p.period_end,
        v.version as agreement_version,
        s.sla,
        s.team,
        s.metric,
        s.target,
        s.attainment_target,
        s.calendar,
        s.segment,
        s.segment_value
    from periods as p
    inner join versions as v on p.period_start >= v.applies_from and p.period_start < v.applies_until
    inner join slas as s on v.version = s.version and p.period = s.period
),

-- Once a pass: a hand-over that is repeated delivers nobody new.
delivered as (
    select
        h.handoff_key,
        h.handed_off_date,
        c.is_complete,
        a.decision,
        row_number() over (partition by h.pass_key order by h.handoff_number) = 1 as is_first
    from handoffs as h
    left join completeness as c on h.handoff_key = c.handoff_key
    left join answers as a on h.handoff_key = a.handoff_key
    where h.handed_off_date is not null
),

counted as (
    select
        p.sla,
        p.period_start,
        count(case when d.is_first then 1 end) as handoffs,
        count(case when d.is_first and d.is_complete then 1 end) as complete,
        count(case when d.is_first and d.is_complete is not null then 1 end) as judged,
        count(case when d.decision = 'accepted' then 1 end) as accepted,
        count(case when d.decision is not null then 1 end) as decided,
        count(case when d.is_first and d.decision = 'rejected' then 1 end) as rejected
    from promised as p
    inner join delivered as d
        on p.period_start <= d.handed_off_date and p.period_end > d.handed_off_date
    left join handoff_segments as g on d.handoff_key = g.handoff_key and p.segment = g.segment
    where
        p.segment is null
        or (g.handoff_key is not null and coalesce(p.segment_value, g.segment_value) = g.segment_value)
    group by p.sla, p.period_start
),

business_days_passed as (
    select
        p.sla,
        p.period_start,
        count(case when b.is_business_day then 1 end) as business_days,
        count(case when b.is_business_day and b.calendar_date <= ctx.as_of_date then 1 end)
            as business_days_elapsed
    from promised as p
    inner join business_days as b
        on
            p.calendar = b.calendar
            and p.period_start <= b.calendar_date
            and p.period_end > b.calendar_date
    cross join context as ctx
    group by p.sla, p.period_start
),

measured as (
    select
        p.*,
        cast(coalesce(c.handoffs, 0) as bigint) as handoffs,
        cast(coalesce(c.rejected, 0) as bigint) as rejected,
        cast(coalesce(c.judged, 0) as bigint) as judged,
        cast(coalesce(c.decided, 0) as bigint) as decided,
        cast(case p.metric
            when 'handoffs_delivered' then coalesce(c.complete, 0)
            when 'handoff_completeness' then cast(c.complete as double) / nullif(c.judged, 0)
            when 'acceptance_rate' then cast(c.accepted as double) / nullif(c.decided, 0)
        end as double) as actual,
        cast(b.business_days as integer) as business_days,
        cast(b.business_days_elapsed as integer) as business_days_elapsed,
        cast(
            case
                when p.metric = 'handoffs_delivered'
                    then p.target * b.business_days_elapsed / nullif(b.business_days, 0)
                else p.target
            end as double
        ) as pace,
        p.period_end > ctx.as_of_date as is_running
    from promised as p
    cross join context as ctx
    left join counted as c on p.sla = c.sla and p.period_start = c.period_start
    left join business_days_passed as b on p.sla = b.sla and p.period_start = b.period_start
)

select
    m.sla || '/' || cast(m.period_start as varchar) as clock_key,
    m.sla,
    m.team,
    m.metric,
    m.agreement_version,
    m.period,
    m.period_start,
    m.period_end,
    {{ to_utc('cast(m.period_start as timestamp)', 't.time_zone') }} as started_at,
    {{ to_utc('cast(m.period_end as timestamp)', 't.time_zone') }} as due_at,
    m.target,
    m.attainment_target,
    m.actual,
    m.pace,
    m.business_days,
    m.business_days_elapsed,
    m.handoffs,
    m.rejected,
    m.judged,
    m.decided,
    case
        when m.metric = 'handoffs_delivered' and m.actual >= m.target * m.attainment_target then 'met'
        when m.is_running then 'pending'
        when m.actual is null then 'void'
        when m.actual >= m.target * m.attainment_target then 'met'
        else 'overdue'
    end as status
from measured as m
cross join settings as t
