{%- set periods = {
    'all': 'is_first', 'quarter': 'is_first_in_quarter', 'month': 'is_first_in_month'
} -%}

with entries as (
    select * from {{ ref('int_funnel_entries') }} where unit <> 'account'
),

-- Implied entries have no date, so that what is dated is the same under both policies.
policies as (
    select 'any' as policy, 'any' as measured_as
    union all
    select 'implied', 'any'
    union all
    select 'strict', 'strict'
),

journeys as (
    select * from {{ ref('int_journeys') }}
),

stage_pairs as (
    select * from {{ ref('int_stage_pairs') }}
),

segment_values as (
    select * from {{ ref('int_segment_values') }}
),

context as (
    select * from {{ source('ops', 'run_context') }}
),

settings as (
    select * from {{ ref('int_agreed_settings') }}
),

-- Who was implied to have reached B is neither done on a known day nor still open.
implied as (
    select distinct unit, unit_key, journey_key, stage
    from entries
    where policy = 'implied' and entered_date is null
),

waits as (
    select
        a.policy, a.unit, p.from_stage, p.to_stage, a.segment_set, a.cohort_month,
        a.is_first, a.is_first_in_quarter, a.is_first_in_month,
        b.journey_key is not null as is_completed,
        b.journey_key is null and j.is_open as is_open,
        case
            when b.journey_key is not null
                then {{ elapsed_days(
                    'a.entered_at', 'a.entered_date', 'a.precision',
                    'b.entered_at', 'b.entered_date', 'b.precision'
                ) }}
            when j.is_open
                then {{ elapsed_days(
                    'a.entered_at', 'a.entered_date', 'a.precision',
                    'ctx.as_of', 'ctx.as_of_date', "'second'"
                ) }}
            -- Out of the funnel without B: it was watched until its end.
            else {{ elapsed_days(
                'a.entered_at', 'a.entered_date', 'a.precision',
                'j.ended_at', 'j.ended_date', 'j.ended_precision'
            ) }}
        end as days
    from entries as a
    inner join stage_pairs as p on a.stage = p.from_stage
    inner join journeys as j on a.journey_key = j.journey_key
    cross join context as ctx
    left join entries as b
        on
            a.policy = b.policy
            and a.unit = b.unit
            and a.unit_key = b.unit_key
            and a.journey_key = b.journey_key
            and p.to_stage = b.stage
            and b.entered_date is not null
    left join implied as i
        on
            a.unit = i.unit
            and a.unit_key = i.unit_key
            and a.journey_key = i.journey_key
            and p.to_stage = i.stage
    where a.policy <> 'implied' and a.entered_date is not null and i.stage is null
),

observations as (
    {%- for period, is_first in periods.items() %}
    select
        w.policy, w.unit, '{{ period }}' as period_type,
        {{ period_start('w.cohort_month', period) }} as period_start,
        s.segment, s.segment_value, w.from_stage, w.to_stage,
        w.is_completed, w.is_open, w.days
    from waits as w
    inner join segment_values as s on w.segment_set = s.segment_set
    where w.{{ is_first }} = 1
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
),

-- Kaplan–Meier: S(t) = Π (1 − done at t ÷ still watched before t); the median is where S reaches ½.
by_duration as (
    select
        policy, unit, period_type, period_start, segment, segment_value, from_stage, to_stage, days,
        sum(case when is_completed then 1 else 0 end) as done,
        count(*) as watched
    from observations
    where days is not null
    group by 1, 2, 3, 4, 5, 6, 7, 8, 9
),

at_risk as (
    select
        *,
        sum(watched) over (
            partition by
                policy, unit, period_type, period_start, segment, segment_value, from_stage, to_stage
            order by days desc
            rows between unbounded preceding and current row
        ) as still_watched
    from by_duration
),

survival as (
    select
        *,
        sum(case when done < still_watched then ln(1 - cast(done as double) / still_watched) end)
            over (
                partition by
                    policy, unit, period_type, period_start, segment, segment_value, from_stage,
                    to_stage
                order by days
                rows between unbounded preceding and current row
            ) as log_survival
    from at_risk
),

medians as (
    select
        policy, unit, period_type, period_start, segment, segment_value, from_stage, to_stage,
        -- The tolerance keeps ½ a half: 1 − 1/2 is −0.693… in logarithms.
        min(case when done = still_watched or log_survival <= ln(0.5) + 1e-12 then days end)
            as kaplan_meier_median_days
    from survival
    group by 1, 2, 3, 4, 5, 6, 7, 8
),

summed as (
    select
        policy, unit, period_type, period_start, segment, segment_value, from_stage, to_stage,
        sum(case when is_completed then 1 else 0 end) as completed,
        sum(case when is_open then 1 else 0 end) as still_open,
        percentile_cont(0.5) within group (order by case when is_completed then days end)
            as median_days,
        percentile_cont(0.75) within group (order by case when is_completed then days end)
            as p75_days,
        percentile_cont(0.9) within group (order by case when is_completed then days end)
            as p90_days,
        -- Summed exactly: doubles add up differently in another order, and equal runs must be equal.
        avg(case when is_completed then cast(days as decimal(18, 9)) end) as mean_days
    from observations
    group by 1, 2, 3, 4, 5, 6, 7, 8
)

select
    y.policy,
    s.unit,
    s.period_type,
    s.period_start,
    s.segment,
    s.segment_value,
    s.from_stage,
    s.to_stage,
    cast(s.completed as bigint) as completed,
    cast(s.still_open as bigint) as still_open,
    s.median_days,
    s.p75_days,
    s.p90_days,
    s.mean_days,
    m.kaplan_meier_median_days,
    {{ is_left_truncated('s', 'p') }} as is_left_truncated,
    s.completed < t.minimum_sample_size as is_small_sample
from summed as s
inner join policies as y on s.policy = y.measured_as
inner join stage_pairs as p on s.from_stage = p.from_stage and s.to_stage = p.to_stage
cross join settings as t
left join medians as m
    on
        s.policy = m.policy
        and s.unit = m.unit
        and s.period_type = m.period_type
        and s.period_start is not distinct from m.period_start
        and s.segment = m.segment
        and s.segment_value is not distinct from m.segment_value
        and s.from_stage = m.from_stage
        and s.to_stage = m.to_stage
