{%- set criterion = ['version', 'target_kind', 'target', 'criterion_number', 'is_compound'] -%}
{%- set criterion_keys = criterion | join(', ') -%}

with judged_signals as (
    select * from {{ ref('int_judged_signals') }}
),

steps as (
    select * from {{ ref('int_condition_steps') }}
),

alternative_conditions as (
    select distinct {{ criterion_keys }}, alternative_number, condition_number, condition, is_negated
    from {{ ref('int_compound_conditions') }}
),

alternatives as (
    select
        {{ criterion_keys }},
        alternative_number,
        count(*) as condition_count,
        sum(case when is_negated then 1 else 0 end) as negated_count
    from alternative_conditions
    group by {{ criterion_keys }}, alternative_number
),

-- A condition holds while the sum of its steps is above 0.
conditions_held as (
    select
        condition,
        person_key,
        signal_number,
        phase,
        case
            when sum(step) over (
                partition by condition, person_key order by signal_number, phase
                rows between unbounded preceding and current row
            ) > 0 then 1
            else 0
        end as is_held
    from steps
),

condition_turns as (
    select
        *,
        is_held - coalesce(
            lag(is_held) over (
                partition by condition, person_key order by signal_number, phase
            ), 0
        ) as turn
    from conditions_held
),

-- An alternative holds while all its conditions do; the negated ones do from the start.
met_counts as (
    select
        {{ prefixed('a', criterion) }},
        a.alternative_number,
        t.person_key,
        t.signal_number,
        t.phase,
        sum(case when a.is_negated then -t.turn else t.turn end) as turn
    from condition_turns as t
    inner join alternative_conditions as a on t.condition = a.condition
    where t.turn <> 0
    group by
        {{ prefixed('a', criterion) }}, a.alternative_number, t.person_key, t.signal_number, t.phase
),

alternatives_held as (
    select
        {{ prefixed('m', criterion) }},
        m.alternative_number,
        m.person_key,
        m.signal_number,
        m.phase,
        case
            when a.negated_count + sum(m.turn) over (
                partition by {{ prefixed('m', criterion) }}, m.alternative_number, m.person_key
                order by m.signal_number, m.phase
                rows between unbounded preceding and current row
            ) = a.condition_count then 1
            else 0
        end as is_held
    from met_counts as m
    inner join alternatives as a
        on
            {%- for key in criterion %}
            m.{{ key }} = a.{{ key }} and
            {%- endfor %}
            m.alternative_number = a.alternative_number
),

alternative_turns as (
    select
        *,
        is_held - coalesce(
            lag(is_held) over (
                partition by {{ criterion_keys }}, alternative_number, person_key
                order by signal_number, phase
            ), 0
        ) as turn
    from alternatives_held
),

criterion_turns as (
    select {{ criterion_keys }}, person_key, signal_number, phase, sum(turn) as turn
    from alternative_turns
    where turn <> 0
    group by {{ criterion_keys }}, person_key, signal_number, phase
),

first_signals as (
    select person_key, version, min(signal_number) as first_number
    from judged_signals
    group by person_key, version
),

version_changes as (
    select
        person_key,
        version,
        first_number,
        lag(version) over (partition by person_key order by first_number) as former_version
    from first_signals
),

-- Where the version changes, both are looked at, whether anything turned or not.
looks as (
    select person_key, version, first_number as signal_number, 1 as phase from version_changes
    union all
    select person_key, former_version, first_number, 0 from version_changes
    union all
    select person_key, former_version, first_number - 1, 1 from version_changes
),

points as (
    select * from criterion_turns
    union all
    select {{ prefixed('t', criterion) }}, t.person_key, l.signal_number, l.phase, 0 as turn
    from criterion_turns as t
    inner join looks as l on t.person_key = l.person_key and t.version = l.version
),

criterion_points as (
    select {{ criterion_keys }}, person_key, signal_number, phase, sum(turn) as turn
    from points
    group by {{ criterion_keys }}, person_key, signal_number, phase
),

criteria_held as (
    select
        *,
        case
            when sum(turn) over (
                partition by {{ criterion_keys }}, person_key order by signal_number, phase
                rows between unbounded preceding and current row
            ) > 0 then 1
            else 0
        end as is_held
    from criterion_points
),

criteria_followed as (
    select
        *,
        coalesce(
            lag(is_held) over (
                partition by {{ criterion_keys }}, person_key order by signal_number, phase
            ), 0
        ) as was_held
    from criteria_held
),

-- Whether it held after the former signal, directly before this one, and with this one.
judgements as (
    select
        {{ criterion_keys }},
        person_key,
        signal_number,
        coalesce(max(case when phase = 0 then was_held end), max(was_held)) as held_after_former,
        coalesce(max(case when phase = 0 then is_held end), max(was_held)) as held_before,
        coalesce(max(case when phase = 1 then is_held end), max(is_held)) as is_held
    from criteria_followed
    group by {{ criterion_keys }}, person_key, signal_number
),

-- Under a new version the state before is that of the former one, for the same stage or exit.
held_after_former as (
    select c.person_key, c.version, j.target_kind, j.target
    from version_changes as c
    inner join judgements as j
        on
            c.person_key = j.person_key
            and c.former_version = j.version
            and c.first_number - 1 = j.signal_number
    where j.is_held = 1
),

held_before as (
    select c.person_key, c.version, j.target_kind, j.target
    from version_changes as c
    inner join judgements as j
        on
            c.person_key = j.person_key
            and c.former_version = j.version
            and c.first_number = j.signal_number
    where j.held_before = 1
),

-- What fell silently since the former signal and holds again with this one turned true as well.
turned as (
    select distinct j.person_key, j.signal_number, j.version, j.target_kind, j.target
    from judgements as j
    inner join version_changes as c on j.person_key = c.person_key and j.version = c.version
    left join held_after_former as f
        on
            j.person_key = f.person_key
            and j.version = f.version
            and j.target_kind = f.target_kind
            and j.target = f.target
    left join held_before as b
        on
            j.person_key = b.person_key
            and j.version = b.version
            and j.target_kind = b.target_kind
            and j.target = b.target
    where
        j.is_compound
        and j.is_held = 1
        and case
            when j.signal_number > c.first_number then j.held_after_former * j.held_before = 0
            else f.person_key is null or b.person_key is null
        end
)

select
    s.person_key,
    s.record_key,
    s.opportunity_key,
    s.source,
    s.kind_rank,
    s.field,
    s.old_value,
    s.value,
    s.signal_at,
    s.precision,
    s.signal_date,
    s.evidence,
    s.change_key,
    s.chain_position,
    t.version,
    t.target_kind,
    t.target
from turned as t
inner join judged_signals as j
    on t.person_key = j.person_key and t.signal_number = j.signal_number and t.version = j.version
inner join {{ ref('int_signals') }} as s on j.change_key = s.change_key
