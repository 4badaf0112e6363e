with handoffs as (
    select * from {{ ref('int_handoffs') }} where moment is not null
),

answers as (
    select * from {{ ref('int_handoff_answers') }}
),

owner_spans as (
    select * from {{ ref('int_segment_spans') }} where entity = 'person' and field = 'owner_key'
),

persons as (
    select * from {{ ref('int_persons') }}
),

owners as (
    select * from {{ ref('int_owners') }}
),

-- Until sales has answered: who gets it afterwards owes no first attempt.
windows as (
    select
        h.handoff_key,
        h.person_key,
        h.moment,
        least(h.next_moment, coalesce(a.decided_moment, h.next_moment)) as until_moment
    from handoffs as h
    left join answers as a on h.handoff_key = a.handoff_key
),

changed as (
    select distinct entity_key from owner_spans
),

-- In a history that names no old value the first owner counts back for segments, but nobody had the lead
-- before it was theirs.
first_named as (
    select r.person_key, c.new_value as owner_key, min(c.moment) as moment
    from {{ ref('int_segment_changes') }} as c
    inner join {{ ref('int_persons_resolved') }} as r on c.record_key = r.record_key
    where
        c.entity = 'person'
        and c.field = 'owner_key'
        and c.change_number = 1
        and not c.is_old_value_told
    group by r.person_key, c.new_value
),

-- Whose owner never changed has no span.
spans as (
    select
        s.entity_key as person_key,
        s.value as owner_key,
        coalesce(f.moment, s.valid_from) as valid_from,
        s.valid_until,
        case when f.moment is null then s.evidence else 'observed' end as evidence
    from owner_spans as s
    left join first_named as f
        on
            s.entity_key = f.person_key
            and s.value = f.owner_key
            and s.evidence = 'inferred'
            and s.valid_from < f.moment
            and s.valid_until > f.moment
    union all
    select p.person_key, p.owner_key, {{ since_ever() }}, {{ until_ever() }}, 'inferred'
    from persons as p
    left join changed as c on p.person_key = c.entity_key
    where c.entity_key is null
),

held as (
    select
        w.handoff_key,
        s.owner_key,
        coalesce(o.kind, 'person') as owner_kind,
        greatest(w.moment, s.valid_from) as assigned_at,
        s.valid_until as owned_until,
        s.evidence
    from windows as w
    inner join spans as s
        on
            w.person_key = s.person_key
            and w.moment < s.valid_until
            and (w.moment >= s.valid_from or w.until_moment > s.valid_from)
    left join owners as o on s.owner_key = o.owner_key
    where s.owner_key is not null
)

select
    handoff_key,
    owner_key,
    owner_kind,
    owner_kind = 'person' as is_human,
    assigned_at,
    case when owned_until < {{ until_ever() }} then owned_until end as owned_until,
    evidence,
    cast(row_number() over (partition by handoff_key order by assigned_at, owner_key) as integer)
        as recipient_number,
    case
        when owner_kind = 'person'
            then cast(row_number() over (
                partition by handoff_key, owner_kind order by assigned_at, owner_key
            ) as integer)
    end as assignment_number
from held
