with handoffs as (
    select * from {{ ref('int_handoffs') }}
),

passes as (
    select * from {{ ref('int_passes') }}
),

recipients as (
    select * from {{ ref('int_handoff_recipients') }}
),

assignments as (
    select * from {{ ref('int_handoff_assignments') }}
),

attempts as (
    select * from {{ ref('int_handoff_attempts') }}
),

answers as (
    select * from {{ ref('int_handoff_answers') }}
),

feedback as (
    select * from {{ ref('int_handoff_feedback') }}
),

completeness as (
    select * from {{ ref('int_handoff_completeness') }}
),

exits as (
    select * from {{ source('agreement', 'exits') }}
),

-- A queue may receive it; a machine does not.
first_recipients as (
    select
        handoff_key,
        {{ first_value_by('owner_key', 'recipient_number') }} as recipient_key,
        {{ first_value_by('owner_kind', 'recipient_number') }} as recipient_kind
    from assignments
    where owner_kind <> 'machine'
    group by handoff_key
),

assigned as (
    select
        handoff_key,
        min(assigned_at) as assigned_at,
        {{ first_value_by('owner_key', 'assignment_number') }} as owner_key,
        count(*) - 1 as reassignments
    from assignments
    where is_human
    group by handoff_key
),

followed as (
    select
        h.handoff_key,
        lead(h.handoff_key) over later as next_handoff_key,
        lead(h.pass_number) over later as next_pass_number
    from handoffs as h
    window later as (partition by h.person_key order by h.pass_number, h.handoff_number)
)

select
    h.handoff_key,
    h.person_key,
    h.pass_number,
    h.pass_key,
    h.handoff_number,
    h.handed_off_at,
    h.handed_off_date,
    h.evidence,
    h.agreement_version,
    r.recipient_key,
    r.recipient_kind,
    g.agreed_recipient,
    g.chosen_by,
    s.owner_key,
    s.assigned_at,
    cast(coalesce(s.reassignments, 0) as integer) as reassignments,
    t.first_attempt_at,
    t.first_attempt_owner_key,
    cast(coalesce(t.attempts, 0) as integer) as attempts,
    cast({{ seconds_between('h.moment', 's.assigned_at') }} / 60 as double) as routing_minutes,
    cast({{ seconds_between('s.assigned_at', 't.first_attempt_at') }} / 60 as double) as rep_minutes,
    a.decision,
    a.decided_by,
    a.decided_at,
    a.decided_date,
    case when a.decision <> 'accepted' then f.reason end as reason,
    case when a.decision <> 'accepted' then f.reason_at end as reason_at,
    coalesce(a.decision <> 'accepted' and f.is_reason_unknown, false) as is_reason_unknown,
    f.quality_rating,
    f.rated_at,
    c.is_complete,
    c.required_fields,
    c.present_fields,
    c.unknown_fields,
    c.missing_fields,
    c.present_fields_now,
    case
        when a.decision = 'accepted' and t.handoff_key is null then 'accepted_untouched'
        when a.decision = 'accepted' then 'accepted'
        when
            a.decision is not null
            and e.is_reason_required
            and f.reason is null
            and not f.is_reason_unknown
            then a.decision || '_without_reason'
        when a.decision is not null then a.decision
        when
            p.ended_date is not null
            or p.outcome not in ('open', 'won')
            or w.next_handoff_key is not null
            then 'never_decided'
        when t.handoff_key is not null then 'attempted'
        when s.handoff_key is not null then 'assigned'
        else 'waiting'
    end as state,
    w.next_handoff_key,
    w.next_pass_number
from handoffs as h
inner join passes as p on h.pass_key = p.pass_key
inner join followed as w on h.handoff_key = w.handoff_key
left join recipients as g on h.handoff_key = g.handoff_key
left join first_recipients as r on h.handoff_key = r.handoff_key
left join assigned as s on h.handoff_key = s.handoff_key
left join attempts as t on h.handoff_key = t.handoff_key
left join answers as a on h.handoff_key = a.handoff_key
left join feedback as f on h.handoff_key = f.handoff_key
left join completeness as c on h.handoff_key = c.handoff_key
left join exits as e on h.agreement_version = e.version and a.decision = e.exit
