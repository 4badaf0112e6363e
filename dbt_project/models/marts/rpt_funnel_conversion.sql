{%- set periods = {'all': 'is_first', 'quarter': 'is_first_in_quarter', 'month': 'is_first_in_month'} -%}

with entries as (
    select * from {{ ref('int_funnel_entries') }}
),

stage_pairs as (
    select * from {{ ref('int_stage_pairs') }}
),

segment_values as (
    select * from {{ ref('int_segment_values') }}
),

segments as (
    select distinct segment_number, segment, segment_value from segment_values
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

-- Each entry counts once, at the longest window that it was observed for, not once for each window.
longest_windows as (
    select d.entered_date, max(w.window_days) as observed_window
    from (select distinct entered_date from entries) as d
    cross join context as ctx
    left join windows as w
        on {{ days_between('d.entered_date', 'ctx.as_of_date') }} >= w.window_days
    group by 1
),

-- Who entered, by month and segment set: everything coarser is a sum of this. Undated entries have
-- no place within a window.
entered_by_set as (
    select
        e.policy, e.unit, e.stage_rank, e.segment_set_number, e.cohort_month, l.observed_window,
        {%- for period, is_first in periods.items() %}
        sum(e.{{ is_first }}) as entered_{{ period }},
        sum(case when e.entered_date is null then e.{{ is_first }} else 0 end)
            as undated_{{ period }},
        {%- endfor %}
        count(*) as row_count
    from entries as e
    left join longest_windows as l on e.entered_date = l.entered_date
    group by 1, 2, 3, 4, 5, 6
),

-- The unit's first entry of a stage is its earliest.
reached as (
    select policy, unit, unit_key, stage_rank, entered_date from entries where is_first = 1
),

conversions as (
    select
        e.policy, e.unit, e.unit_key, p.pair_number, e.segment_set_number, e.cohort_month,
        {{ days_between('e.entered_date', 'r.entered_date') }} as days,
        e.is_first, e.is_first_in_quarter, e.is_first_in_month
    from entries as e
    inner join reached as r
        on
            e.policy = r.policy
            and e.unit = r.unit
            and e.unit_key = r.unit_key
            and e.stage_rank < r.stage_rank
    inner join stage_pairs as p on e.stage_rank = p.from_rank and r.stage_rank = p.to_rank
),

-- The shortest window that a conversion falls into; null for those that count as ever only.
shortest_windows as (
    select d.days, min(w.window_days) as needed_window
    from (select distinct days from conversions) as d
    inner join windows as w on d.days <= w.window_days
    group by 1
),

converted_by_set as (
    select
        c.policy, c.unit, c.pair_number, c.segment_set_number, c.cohort_month, s.needed_window,
        {%- for period, is_first in periods.items() %}
        sum(c.{{ is_first }}) as converted_{{ period }},
        {%- endfor %}
        count(*) as row_count
    from conversions as c
    left join shortest_windows as s on c.days = s.days
    group by 1, 2, 3, 4, 5, 6
),

-- Segments before periods: what is left for the periods has no more rows than months and segments.
entered_by_month as (
    select
        e.policy, e.unit, e.stage_rank, s.segment_number, e.cohort_month, e.observed_window,
        {%- for period in periods %}
        sum(e.entered_{{ period }}) as entered_{{ period }},
        sum(e.undated_{{ period }}) as undated_{{ period }},
        {%- endfor %}
        count(*) as row_count
    from entered_by_set as e
    inner join segment_values as s on e.segment_set_number = s.segment_set_number
    group by 1, 2, 3, 4, 5, 6
),

converted_by_month as (
    select
        c.policy, c.unit, c.pair_number, s.segment_number, c.cohort_month, c.needed_window,
        {%- for period in periods %}
        sum(c.converted_{{ period }}) as converted_{{ period }},
        {%- endfor %}
        count(*) as row_count
    from converted_by_set as c
    inner join segment_values as s on c.segment_set_number = s.segment_set_number
    group by 1, 2, 3, 4, 5, 6
),

entered as (
    {%- for period in periods %}
    select
        e.policy, e.unit, '{{ period }}' as period_type,
        {{ period_start('e.cohort_month', period) }} as period_start,
        e.segment_number, e.stage_rank, w.window_days,
        sum(e.entered_{{ period }}) as entered,
        sum(e.undated_{{ period }}) as undated,
        sum(case when e.observed_window >= w.window_days then e.entered_{{ period }} else 0 end)
            as mature
    from entered_by_month as e
    cross join windows as w
    {%- if period != 'all' %}
    where e.cohort_month is not null
    {%- endif %}
    group by 1, 2, 3, 4, 5, 6, 7
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
),

converted as (
    {%- for period in periods %}
    select
        c.policy, c.unit, '{{ period }}' as period_type,
        {{ period_start('c.cohort_month', period) }} as period_start,
        c.segment_number, c.pair_number, w.window_days,
        sum(c.converted_{{ period }}) as converted
    from converted_by_month as c
    inner join windows as w on w.window_days is null or c.needed_window <= w.window_days
    {%- if period != 'all' %}
    where c.cohort_month is not null
    {%- endif %}
    group by 1, 2, 3, 4, 5, 6, 7
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
),

measures as (
    select
        'cohort' as method, e.policy, e.unit, e.period_type, e.period_start, e.segment_number,
        p.pair_number, e.window_days,
        e.entered - case when e.window_days is null then 0 else e.undated end as entered,
        0 as converted, e.undated, e.mature
    from entered as e
    inner join stage_pairs as p on e.stage_rank = p.from_rank
    union all
    select
        'cohort', policy, unit, period_type, period_start, segment_number, pair_number, window_days,
        0, converted, 0, 0
    from converted
    union all
    -- In-period: those who entered B in the period beside those who entered A in it, dated ones only.
    select
        'in_period', e.policy, e.unit, e.period_type, e.period_start, e.segment_number,
        p.pair_number, e.window_days, e.entered - e.undated, 0, 0, 0
    from entered as e
    inner join stage_pairs as p on e.stage_rank = p.from_rank
    where e.window_days is null
    union all
    select
        'in_period', e.policy, e.unit, e.period_type, e.period_start, e.segment_number,
        p.pair_number, e.window_days, 0, e.entered - e.undated, 0, 0
    from entered as e
    inner join stage_pairs as p on e.stage_rank = p.to_rank
    where e.window_days is null
),

summed as (
    select
        method, policy, unit, period_type, period_start, segment_number, pair_number, window_days,
        cast(sum(entered) as bigint) as entered,
        cast(sum(converted) as bigint) as converted,
        cast(sum(undated) as bigint) as undated,
        cast(sum(mature) as bigint) as mature
    from measures
    group by 1, 2, 3, 4, 5, 6, 7, 8
)

select
    s.method,
    s.policy,
    s.unit,
    s.period_type,
    s.period_start,
    g.segment,
    g.segment_value,
    p.from_stage,
    p.to_stage,
    s.window_days,
    s.entered,
    s.converted,
    s.undated,
    cast(s.converted as double) / nullif(s.entered, 0) as conversion_rate,
    case when s.window_days is not null then cast(s.mature as double) / nullif(s.entered, 0) end
        as mature_share,
    {{ is_left_truncated('s', 'p') }} as is_left_truncated,
    s.entered < t.minimum_sample_size as is_small_sample
from summed as s
inner join stage_pairs as p on s.pair_number = p.pair_number
inner join segments as g on s.segment_number = g.segment_number
cross join settings as t
