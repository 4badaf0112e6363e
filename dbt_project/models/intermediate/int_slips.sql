{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook='{{ forget_persons() }}'
) }}

with affected_persons as (
    select * from {{ ref('int_affected_persons') }}
),

changes as (
    select s.*
    from {{ ref('int_signals') }} as s
    inner join affected_persons as p on s.person_key = p.person_key
    where
        s.field in ('status', 'lifecycle_stage', 'opportunity_stage')
        and s.signal_at is not null
        and s.precision <> 'day'
        -- What held since the creation is told by the first change.
        and s.evidence <> 'inferred'
),

opportunities as (
    select * from {{ ref('int_opportunities') }}
),

criteria as (
    select distinct
        source, field, value, target_kind, target, applies_from, applies_until, is_in_force
    from {{ ref('int_agreed_criteria') }}
    where operator = 'in'
),

settings as (
    select * from {{ ref('int_agreed_settings') }}
),

stays as (
    select
        person_key, record_key, source, field, old_value, value, signal_at, signal_date, change_key,
        case when not is_former_undated then coalesce(former_date, signal_date) end as former_date,
        row_number() over history as stay_number,
        lead(signal_at) over history as left_at
    from changes
    window history as (
        partition by record_key, field
        order by signal_at, chain_position, change_key
    )
),

-- Few histories have a stay so short: only those are looked at value by value.
with_short_stay as (
    select distinct s.record_key, s.field
    from stays as s
    cross join settings as t
    where {{ seconds_between('s.signal_at', 's.left_at') }} < t.debounce_minutes * 60
),

looked_at as (
    select s.*
    from stays as s
    inner join with_short_stay as w on s.record_key = w.record_key and s.field = w.field
),

-- What a value means: the stage or exit that it stands for on its day, else itself. The stages of
-- a renewal stand for none.
meant as (
    select
        s.record_key, s.field, s.stay_number, s.signal_at, s.left_at,
        s.change_key, s.person_key, s.old_value,
        coalesce(
            min(case when c.target_kind = 'exit' then 'exit ' || c.target end),
            min(case when c.target_kind = 'stage' then 'stage ' || c.target end),
            'value ' || s.value
        ) as meaning,
        coalesce(
            min(case when o.target_kind = 'exit' then 'exit ' || o.target end),
            min(case when o.target_kind = 'stage' then 'stage ' || o.target end),
            'value ' || s.old_value
        ) as old_meaning
    from looked_at as s
    left join opportunities as p on s.record_key = p.opportunity_key
    left join criteria as c
        on
            coalesce(p.opportunity_type, 'new_business') = 'new_business'
            and s.field = c.field
            and s.value = c.value
            and (c.source is null or s.source = c.source)
            and s.signal_date >= c.applies_from
            and s.signal_date < c.applies_until
    left join criteria as o
        on
            coalesce(p.opportunity_type, 'new_business') = 'new_business'
            and s.field = o.field
            and s.old_value = o.value
            and (o.source is null or s.source = o.source)
            and (
                (s.former_date >= o.applies_from and s.former_date < o.applies_until)
                or (s.former_date is null and o.is_in_force)
            )
    group by
        s.record_key, s.field, s.stay_number, s.signal_at, s.left_at, s.change_key, s.person_key,
        s.old_value, s.value
),

neighboured as (
    select
        *,
        coalesce(
            lag(meaning) over (partition by record_key, field order by stay_number), old_meaning
        ) as meaning_before,
        lead(meaning) over (partition by record_key, field order by stay_number) as meaning_after,
        first_value(old_meaning) over (
            partition by record_key, field order by stay_number
        ) as first_old_meaning
    from meant
),

dropped as (
    select
        n.*,
        coalesce(
            {{ seconds_between('n.signal_at', 'n.left_at') }} < t.debounce_minutes * 60
            and n.meaning_before = n.meaning_after,
            false
        ) as is_slip
    from neighboured as n
    cross join settings as t
),

-- Where a slip stood between two equal neighbours, the second one is the first one going on.
kept as (
    select
        *,
        coalesce(lag(meaning) over kept_history, first_old_meaning) as meaning_kept_before,
        lag(stay_number) over kept_history as stay_kept_before
    from dropped
    where not is_slip
    window kept_history as (partition by record_key, field order by stay_number)
),

slips as (
    select person_key, change_key from dropped
    where is_slip
    union all
    select person_key, change_key from kept
    where meaning_kept_before = meaning and coalesce(stay_kept_before, 0) < stay_number - 1
)

select person_key, change_key from slips
union all
-- A closing that only the stage tells of goes with it.
select s.person_key, c.change_key
from slips as s
inner join {{ ref('int_opportunity_closings') }} as c on s.change_key = c.stage_change_key
