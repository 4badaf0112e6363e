{%- set periods = {
    'all': 'is_first', 'quarter': 'is_first_in_quarter', 'month': 'is_first_in_month'
} -%}

with entries as (
    select * from {{ ref('int_funnel_entries') }}
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

-- Null is "ever".
windows as (
    select w.window_days
    from {{ source('agreement', 'conversion_windows') }} as w
    inner join {{ ref('int_agreement_versions') }} as v on w.version = v.version and v.is_in_force
    union all
    select cast(null as integer)
),

observed as (
    select
        e.*,
        {{ days_between('e.entered_date', 'ctx.as_of_date') }} as observed_days
    from entries as e
    cross join context as ctx
),

-- Who entered, by month and segment set: everything coarser is a sum of this. Undated entries have
-- no place within a window.
entered_by_month as (
    select
        e.policy, e.unit, e.stage, e.segment_set, e.cohort_month, w.window_days,
        {%- for period, is_first in periods.items() %}
        sum(e.{{ is_first }}) as entered_{{ period }},
        sum(case when e.entered_date is null then e.{{ is_first }} else 0 end)
            as undated_{{ period }},
        sum(case when e.observed_days >= w.window_days then e.{{ is_first }} else 0 end)
            as mature_{{ period }},
        {%- endfor %}
        count(*) as entries
    from observed as e
    cross join windows as w
    group by 1, 2, 3, 4, 5, 6
),

reached as (
    select policy, unit, unit_key, stage, stage_rank, min(entered_date) as entered_date
    from entries
    group by 1, 2, 3, 4, 5
),

converted_by_month as (
    select
        e.policy, e.unit, e.stage as from_stage, r.stage as to_stage, e.segment_set, e.cohort_month,
        w.window_days,
        sum(e.is_first) as converted_all,
        sum(e.is_first_in_quarter) as converted_quarter,
        sum(e.is_first_in_month) as converted_month
    from entries as e
    inner join reached as r
        on
            e.policy = r.policy
            and e.unit = r.unit
            and e.unit_key = r.unit_key
            and e.stage_rank < r.stage_rank
    inner join windows as w
        on
            w.window_days is null
            or {{ days_between('e.entered_date', 'r.entered_date') }} <= w.window_days
    group by 1, 2, 3, 4, 5, 6, 7
),

entered as (
    {%- for period in periods %}
    select
        e.policy, e.unit, '{{ period }}' as period_type, {{ period_start('e.cohort_month', period) }}
            as period_start,
        s.segment, s.segment_value, e.stage, e.window_days,
        sum(e.entered_{{ period }}) as entered,
        sum(e.undated_{{ period }}) as undated,
        sum(e.mature_{{ period }}) as mature
    from entered_by_month as e
    inner join segment_values as s on e.segment_set = s.segment_set
    {%- if period != 'all' %}
    where e.cohort_month is not null
    {%- endif %}
    group by 1, 2, 3, 4, 5, 6, 7, 8
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
),

converted as (
    {%- for period in periods %}
    select
        c.policy, c.unit, '{{ period }}' as period_type, {{ period_start('c.cohort_month', period) }}
            as period_start,
        s.segment, s.segment_value, c.from_stage, c.to_stage, c.window_days,
        sum(c.converted_{{ period }}) as converted
    from converted_by_month as c
    inner join segment_values as s on c.segment_set = s.segment_set
    {%- if period != 'all' %}
    where c.cohort_month is not null
    {%- endif %}
    group by 1, 2, 3, 4, 5, 6, 7, 8, 9
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
),

measures as (
    select
        'cohort' as method, e.policy, e.unit, e.period_type, e.period_start, e.segment,
        e.segment_value, p.from_stage, p.to_stage, e.window_days,
        e.entered - case when e.window_days is null then 0 else e.undated end as entered,
        0 as converted, e.undated, e.mature
    from entered as e
    inner join stage_pairs as p on e.stage = p.from_stage
    union all
    select
        'cohort', policy, unit, period_type, period_start, segment, segment_value, from_stage,
        to_stage, window_days, 0, converted, 0, 0
    from converted
    union all
    -- In-period: those who entered B in the period beside those who entered A in it, dated ones only.
    select
        'in_period', e.policy, e.unit, e.period_type, e.period_start, e.segment, e.segment_value,
        p.from_stage, p.to_stage, e.window_days, e.entered - e.undated, 0, 0, 0
    from entered as e
    inner join stage_pairs as p on e.stage = p.from_stage
    where e.window_days is null
    union all
    select
        'in_period', e.policy, e.unit, e.period_type, e.period_start, e.segment, e.segment_value,
        p.from_stage, p.to_stage, e.window_days, 0, e.entered - e.undated, 0, 0
    from entered as e
    inner join stage_pairs as p on e.stage = p.to_stage
    where e.window_days is null
),

summed as (
    select
        method, policy, unit, period_type, period_start, segment, segment_value, from_stage, to_stage,
        window_days,
        sum(entered) as entered, sum(converted) as converted, sum(undated) as undated,
        sum(mature) as mature
    from measures
    group by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10
)

select
    s.method,
    s.policy,
    s.unit,
    s.period_type,
    s.period_start,
    s.segment,
    s.segment_value,
    s.from_stage,
    s.to_stage,
    s.window_days,
    cast(s.entered as bigint) as entered,
    cast(s.converted as bigint) as converted,
    cast(s.undated as bigint) as undated,
    cast(s.converted as double) / nullif(s.entered, 0) as conversion_rate,
    case when s.window_days is not null then cast(s.mature as double) / nullif(s.entered, 0) end
        as mature_share,
    {{ is_left_truncated('s', 'p') }} as is_left_truncated,
    s.entered < t.minimum_sample_size as is_small_sample
from summed as s
inner join stage_pairs as p on s.from_stage = p.from_stage and s.to_stage = p.to_stage
cross join settings as t
