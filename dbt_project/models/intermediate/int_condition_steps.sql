with leaves as (
    select distinct
        condition, source, field, operator, value, minimum, maximum, minimum_count, within_days
    from {{ ref('int_compound_conditions') }}
),

signals as (
    select * from {{ ref('int_judged_signals') }}
),

fit_values as (
    select v.*
    from {{ ref('int_fit_values') }} as v
    where exists (select s.person_key from signals as s where s.person_key = v.person_key)
),

-- A record's value is what its last signal said.
values_met as (
    select
        l.condition,
        s.person_key,
        s.record_key,
        s.signal_number,
        max(
            case
                when l.operator = 'in' and s.value = l.value then 1
                when l.operator = 'between' and {{ is_between('try_cast(s.value as double)', 'l') }} then 1
                else 0
            end
        ) as is_met
    from signals as s
    inner join leaves as l
        on s.judged_field = l.field and (l.source is null or s.source = l.source)
    where l.field <> 'activity'
    group by l.condition, s.person_key, s.record_key, s.signal_number
),

value_steps as (
    select
        condition,
        person_key,
        signal_number,
        is_met - coalesce(
            lag(is_met) over (
                partition by condition, person_key, record_key order by signal_number
            ), 0
        ) as step
    from values_met
),

occurrences as (
    select
        l.condition,
        l.minimum_count,
        l.within_days,
        s.person_key,
        s.signal_number,
        s.judged_at,
        row_number() over (
            partition by l.condition, s.person_key order by s.signal_number
        ) as occurrence_number
    from signals as s
    inner join leaves as l
        on
            s.judged_field = l.field
            and s.value = l.value
            and (l.source is null or s.source = l.source)
    where l.field = 'activity'
),

-- The last of so many opens a window, which runs out so many days after the first of them.
windows as (
    select
        o.condition,
        o.person_key,
        o.signal_number,
        o.judged_at,
        {{ dbt.dateadd('day', 'f.within_days', 'f.judged_at') }} as closes_at
    from occurrences as o
    inner join occurrences as f
        on
            o.condition = f.condition
            and o.person_key = f.person_key
            and o.occurrence_number - o.minimum_count + 1 = f.occurrence_number
    where o.within_days is not null
),

open_windows as (
    select * from windows where judged_at <= closes_at
),

fit_met as (
    select
        l.condition,
        v.person_key,
        v.record_key,
        v.value_number,
        v.known_from,
        max(
            case
                when l.operator = 'in' and v.value = l.value then 1
                when l.operator = 'between' and {{ is_between('try_cast(v.value as double)', 'l') }} then 1
                else 0
            end
        ) as is_met
    from fit_values as v
    inner join leaves as l on v.field = l.field and (l.source is null or v.source = l.source)
    group by l.condition, v.person_key, v.record_key, v.value_number, v.known_from
),

fit_steps as (
    select
        condition,
        person_key,
        known_from,
        is_met - coalesce(
            lag(is_met) over (
                partition by condition, person_key, record_key order by value_number
            ), 0
        ) as step
    from fit_met
),

-- What is no signal itself takes effect at the next one: fit at the same moment is known already,
-- and a window still holds at the moment that it closes. None closes before an undated signal, or
-- what it turns would depend on as_of alone.
time_lines as (
    select
        cast(null as varchar) as condition, person_key, judged_at as moment, 1 as place, 0 as step,
        signal_number, case when is_dated then signal_number end as dated_number
    from signals
    union all
    select condition, person_key, known_from, 0, step, cast(null as bigint), cast(null as bigint)
    from fit_steps
    where step <> 0
    union all
    select condition, person_key, closes_at, 2, -1, cast(null as bigint), cast(null as bigint)
    from open_windows
),

silent_steps as (
    select
        condition,
        person_key,
        step,
        case
            when place = 2 then min(dated_number) over following_signals
            else min(signal_number) over following_signals
        end as signal_number
    from time_lines
    window following_signals as (
        partition by person_key order by moment, place
        rows between current row and unbounded following
    )
),

steps as (
    select condition, person_key, signal_number, 1 as phase, step from value_steps
    union all
    select condition, person_key, signal_number, 1, 1
    from occurrences
    where within_days is null and occurrence_number = minimum_count
    union all
    select condition, person_key, signal_number, 1, 1 from open_windows
    union all
    select condition, person_key, signal_number, 0, step
    from silent_steps
    where condition is not null and signal_number is not null
)

select
    condition,
    person_key,
    signal_number,
    phase,
    sum(step) as step
from steps
where step <> 0
group by condition, person_key, signal_number, phase
