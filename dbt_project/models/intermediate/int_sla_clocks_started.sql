with handoffs as (
    select * from {{ ref('int_handoffs') }}
),

transitions as (
    select * from {{ ref('int_transition_rounds') }}
),

assignments as (
    select * from {{ ref('int_handoff_assignments') }} where is_human
),

attempts as (
    select * from {{ ref('int_sales_attempts') }}
),

answers as (
    select * from {{ ref('int_handoff_answers') }}
),

feedback as (
    select * from {{ ref('int_handoff_feedback') }}
),

exits as (
    select * from {{ source('agreement', 'exits') }}
),

versions as (
    select * from {{ ref('int_agreement_versions') }}
),

slas as (
    select * from {{ source('agreement', 'slas') }} where target_unit = 'minutes'
),

handoff_segments as (
    select s.handoff_key, v.segment, v.segment_value
    from {{ ref('int_handoff_segments') }} as s
    inner join {{ ref('int_segment_values') }} as v on s.segment_set = v.segment_set
),

owners as (
    select * from {{ ref('int_owners') }}
),

persons as (
    select * from {{ ref('int_persons') }}
),

calendars as (
    select * from {{ source('agreement', 'calendars') }}
),

zones as (
    select * from {{ ref('int_calendar_zones') }}
),

context as (
    select * from {{ source('ops', 'run_context') }}
),

-- What is known by its day only starts no clock: nobody could say how long it ran.
stage_events as (
    select
        h.handoff_key,
        'stage:' || t.to_stage as event,
        min({{ moment('t.transition_at', 't.precision', 'ctx.reporting_time_zone') }}) as started_at
    from handoffs as h
    inner join transitions as t
        on
            h.person_key = t.person_key
            and h.pass_number = t.pass_number
            and h.round_number = t.round_number
    cross join context as ctx
    where
        not t.is_exit
        and t.kind not in ('back', 'reopen')
        and t.precision <> 'day'
        and h.precision <> 'day'
        and t.transition_at is not null
    group by h.handoff_key, t.to_stage
),

first_assignments as (
    select handoff_key, owner_key from assignments where assignment_number = 1
),

events as (
    select
        e.handoff_key,
        e.event,
        cast(null as integer) as assignment_number,
        a.owner_key,
        e.started_at,
        {{ until_ever() }} as owned_until
    from stage_events as e
    left join first_assignments as a on e.handoff_key = a.handoff_key
    union all
    select
        h.handoff_key,
        'assigned',
        a.assignment_number,
        a.owner_key,
        a.assigned_at,
        coalesce(a.owned_until, {{ until_ever() }})
    from handoffs as h
    inner join assignments as a on h.handoff_key = a.handoff_key
    where h.precision <> 'day'
),

-- Target and calendar are those of the version in force when the clock starts.
promised as (
    select
        e.*,
        h.person_key,
        h.pass_number,
        h.round_number,
        h.next_moment,
        s.version as agreement_version,
        s.sla,
        s.team,
        s.metric,
        s.target,
        s.clock_stop,
        s.calendar,
        s.segment,
        s.segment_value
    from events as e
    inner join handoffs as h on e.handoff_key = h.handoff_key
    cross join context as ctx
    inner join versions as v
        on
            {{ reporting_date('e.started_at', "'second'", 'ctx.reporting_time_zone') }} >= v.applies_from
            and {{ reporting_date('e.started_at', "'second'", 'ctx.reporting_time_zone') }} < v.applies_until
    inner join slas as s on v.version = s.version and e.event = s.clock_start
),

agreed as (
    select p.*
    from promised as p
    where p.segment is null
    union all
    select p.*
    from promised as p
    inner join handoff_segments as g
        on
            p.handoff_key = g.handoff_key
            and p.segment = g.segment
            and coalesce(p.segment_value, g.segment_value) = g.segment_value
),

first_attempts as (
    select
        c.handoff_key,
        c.sla,
        c.assignment_number,
        min(a.attempted_at) as stopped_at
    from agreed as c
    inner join attempts as a on c.person_key = a.person_key
    where
        c.clock_stop = 'first_attempt'
        and a.precision <> 'day'
        and a.attempted_at >= c.started_at
        and a.attempted_at < c.next_moment
        and a.attempted_at < c.owned_until
    group by c.handoff_key, c.sla, c.assignment_number
),

-- A no is an answer once its reason is there.
decisions as (
    select
        a.handoff_key,
        e.version,
        case
            when not e.is_reason_required or f.is_reason_unknown then a.decided_moment
            when f.reason is not null then f.reason_at
        end as stopped_at
    from answers as a
    inner join exits as e on a.decision = e.exit
    inner join feedback as f on a.handoff_key = f.handoff_key
    union all
    select a.handoff_key, v.version, a.decided_moment
    from answers as a
    cross join versions as v
    where a.decision = 'accepted'
),

disqualifications as (
    select
        h.handoff_key,
        min({{ moment('t.transition_at', 't.precision', 'ctx.reporting_time_zone') }}) as voided_at
    from handoffs as h
    inner join transitions as t
        on
            h.person_key = t.person_key
            and h.pass_number = t.pass_number
            and h.round_number = t.round_number
            and h.transition_number < t.transition_number
    cross join context as ctx
    where t.kind in ('disqualify', 'delete')
    group by h.handoff_key
),

stopped as (
    select
        c.*,
        case
            when c.clock_stop = 'first_attempt' then f.stopped_at
            when d.stopped_at < c.started_at then c.started_at
            else d.stopped_at
        end as stopped_at,
        case
            when c.owned_until < coalesce(q.voided_at, {{ until_ever() }}) then c.owned_until
            else q.voided_at
        end as voided_at
    from agreed as c
    left join first_attempts as f
        on
            c.handoff_key = f.handoff_key
            and c.sla = f.sla
            and c.assignment_number is not distinct from f.assignment_number
    left join decisions as d on c.handoff_key = d.handoff_key and c.agreement_version = d.version
    left join disqualifications as q on c.handoff_key = q.handoff_key
),

zoned as (
    select
        s.*,
        case k.zone_of when 'owner' then o.time_zone when 'lead' then p.time_zone end as time_zone
    from stopped as s
    inner join calendars as k on s.agreement_version = k.version and s.calendar = k.calendar
    left join owners as o on s.owner_key = o.owner_key
    left join persons as p on s.person_key = p.person_key
)

select
    c.handoff_key || '/' || c.sla || coalesce('/' || cast(c.assignment_number as varchar), '') as clock_key,
    c.sla,
    c.team,
    c.metric,
    c.agreement_version,
    c.handoff_key,
    c.owner_key,
    c.assignment_number,
    c.calendar,
    coalesce(own.axis_number, usual.axis_number) as axis_number,
    coalesce(own.time_zone, usual.time_zone) as time_zone,
    c.target,
    c.started_at,
    c.stopped_at,
    c.voided_at
from zoned as c
left join zones as own
    on c.agreement_version = own.version and c.calendar = own.calendar and c.time_zone = own.time_zone
left join zones as usual
    on c.agreement_version = usual.version and c.calendar = usual.calendar and usual.is_calendar_zone
