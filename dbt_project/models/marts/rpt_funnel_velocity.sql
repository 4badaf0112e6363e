{%- set periods = {'all': 'is_first', 'quarter': 'is_first_in_quarter', 'month': 'is_first_in_month'} -%}
{#- Edges in days of the slices that tell how far a cell has to be followed wait by wait. -#}
{%- set edges = [1, 2, 3, 5, 7, 10, 14, 20, 30, 45, 60, 90, 120, 180, 240, 360, 480, 720] -%}

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

segments as (
    select distinct segment_number, segment, segment_value from segment_values
),

context as (
    select * from {{ source('ops', 'run_context') }}
),

settings as (
    select * from {{ ref('int_agreed_settings') }}
),

-- What a journey reached, whoever counts it.
reached as (
    select policy, journey_key, stage_rank, entered_at, entered_date, precision
    from entries
    where unit in ('pass', 'opportunity') and entered_date is not null and policy <> 'implied'
),

-- Who was implied to have reached B is neither done on a known day nor still open.
implied as (
    select journey_key, stage_rank
    from entries
    where unit in ('pass', 'opportunity') and entered_date is null and policy = 'implied'
),

waits as (
    select
        a.policy, a.unit, p.pair_number, a.segment_set_number, a.cohort_month,
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
    inner join stage_pairs as p on a.stage_rank = p.from_rank
    inner join journeys as j on a.journey_key = j.journey_key
    cross join context as ctx
    left join reached as b
        on a.policy = b.policy and a.journey_key = b.journey_key and p.to_rank = b.stage_rank
    left join implied as i on a.journey_key = i.journey_key and p.to_rank = i.stage_rank
    where a.policy <> 'implied' and a.entered_date is not null and i.journey_key is null
),

sliced_waits as (
    select
        *,
        case
            {%- for edge in edges %}
            when days < {{ edge }} then {{ loop.index }}
            {%- endfor %}
            when days is not null then {{ edges | length + 1 }}
        end as slice
    from waits
),

-- How many were done and watched, by month and slice of days: what is coarser is a sum of this.
slices_by_set as (
    select
        policy, unit, pair_number, segment_set_number, cohort_month, slice,
        {%- for period, is_first in periods.items() %}
        count(case when is_completed and {{ is_first }} = 1 then 1 end) as completed_{{ period }},
        count(case when is_open and {{ is_first }} = 1 then 1 end) as open_{{ period }},
        count(case when {{ is_first }} = 1 then 1 end) as watched_{{ period }},
        {%- endfor %}
        count(*) as row_count
    from sliced_waits
    group by 1, 2, 3, 4, 5, 6
),

slices as (
    select
        w.policy, w.unit, w.pair_number, s.segment_number, w.cohort_month, w.slice,
        {%- for period in periods %}
        sum(w.completed_{{ period }}) as completed_{{ period }},
        sum(w.open_{{ period }}) as open_{{ period }},
        sum(w.watched_{{ period }}) as watched_{{ period }},
        {%- endfor %}
        sum(w.row_count) as row_count
    from slices_by_set as w
    inner join segment_values as s on w.segment_set_number = s.segment_set_number
    group by 1, 2, 3, 4, 5, 6
),

sliced as (
    {%- for period in periods %}
    select
        policy, unit, '{{ period }}' as period_type,
        {{ period_start('cohort_month', period) }} as period_start, segment_number, pair_number, slice,
        sum(completed_{{ period }}) as completed,
        sum(open_{{ period }}) as still_open,
        sum(watched_{{ period }}) as watched
    from slices
    group by 1, 2, 3, 4, 5, 6, 7
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
),

-- Numbered, so that what follows groups by one number and not by seven columns.
cells as (
    select
        policy, unit, period_type, period_start, segment_number, pair_number,
        row_number() over (
            order by policy, unit, period_type, period_start, segment_number, pair_number
        ) as cell_number,
        cast(sum(completed) as bigint) as completed,
        cast(sum(still_open) as bigint) as still_open,
        cast(sum(case when slice is not null then watched end) as bigint) as watched
    from sliced
    group by 1, 2, 3, 4, 5, 6
    having sum(watched) > 0
),

watched_slices as (
    select
        *,
        sum(watched) over (
            partition by policy, unit, period_type, period_start, segment_number, pair_number
            order by slice desc
            rows between unbounded preceding and current row
        ) as still_watched
    from sliced
    where slice is not null
),

-- What survives a slice is least if all that were only watched leave before the first is done, and
-- most if they leave after the last. Where none can be left, e to the −1000 stands for none.
bounds as (
    select
        policy, unit, period_type, period_start, segment_number, pair_number, slice,
        sum(
            case
                when still_watched = watched then -1000
                else ln(
                    cast(still_watched - watched as double) / (still_watched - watched + completed)
                )
            end
        ) over so_far as least_log_survival,
        sum(
            case
                when still_watched = completed then -1000
                else ln(1 - cast(completed as double) / still_watched)
            end
        ) over so_far as most_log_survival
    from watched_slices
    where completed > 0
    window so_far as (
        partition by policy, unit, period_type, period_start, segment_number, pair_number
        order by slice
        rows between unbounded preceding and current row
    )
),

-- A cell that keeps more than a half at the least has no median, and behind the slice that leaves a
-- half at the most nothing decides it: half of the observations need no look (100,000 people: 26 of
-- 52 million are followed).
reaches as (
    select
        policy, unit, period_type, period_start, segment_number, pair_number,
        coalesce(
            min(case when most_log_survival <= ln(0.5) - 1e-9 then slice end), {{ edges | length + 1 }}
        ) as last_slice
    from bounds
    group by 1, 2, 3, 4, 5, 6
    having min(least_log_survival) <= ln(0.5) + 1e-9
),

followed as (
    select c.*, r.last_slice
    from cells as c
    inner join reaches as r
        on
            c.policy = r.policy
            and c.unit = r.unit
            and c.period_type = r.period_type
            and c.period_start is not distinct from r.period_start
            and c.segment_number = r.segment_number
            and c.pair_number = r.pair_number
),

observations as (
    {%- for period, is_first in periods.items() %}
    select c.cell_number, c.watched, w.days, w.is_completed
    from sliced_waits as w
    inner join segment_values as s on w.segment_set_number = s.segment_set_number
    inner join followed as c
        on
            w.policy = c.policy
            and w.unit = c.unit
            and w.pair_number = c.pair_number
            and s.segment_number = c.segment_number
            and w.slice <= c.last_slice
            {%- if period != 'all' %}
            and {{ period_start('w.cohort_month', period) }} = c.period_start
            {%- endif %}
    where w.{{ is_first }} = 1 and c.period_type = '{{ period }}'
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
),

-- Kaplan–Meier: S(t) = Π (1 − done at t ÷ still watched before t); the median is where S reaches ½.
-- Those done at one t go one after the other: (1 − 1/n) (1 − 1/(n−1)) is 1 − 2/n.
numbered as (
    select
        *,
        watched + 1 - row_number() over (
            partition by cell_number order by days, case when is_completed then 0 else 1 end
        ) as still_watched
    from observations
),

survival as (
    select
        *,
        sum(case when still_watched > 1 then ln(1 - cast(1 as double) / still_watched) end) over (
            partition by cell_number order by still_watched desc
            rows between unbounded preceding and current row
        ) as log_survival
    from numbered
    where is_completed
),

medians as (
    select
        cell_number,
        -- The tolerance keeps ½ a half: 1 − 1/2 is −0.693… in logarithms.
        min(case when still_watched = 1 or log_survival <= ln(0.5) + 1e-12 then days end)
            as kaplan_meier_median_days
    from survival
    group by 1
),

completions as (
    {%- for period, is_first in periods.items() %}
    select c.cell_number, w.days
    from waits as w
    inner join segment_values as s on w.segment_set_number = s.segment_set_number
    inner join cells as c
        on
            w.policy = c.policy
            and w.unit = c.unit
            and w.pair_number = c.pair_number
            and s.segment_number = c.segment_number
            {%- if period != 'all' %}
            and {{ period_start('w.cohort_month', period) }} = c.period_start
            {%- endif %}
    where w.is_completed and w.{{ is_first }} = 1 and c.period_type = '{{ period }}'
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
),

durations as (
    select
        cell_number,
        {{ percentiles('days', [0.5, 0.75, 0.9]) }} as days_at,
        -- Summed exactly: doubles add up differently in another order, and equal runs must be equal.
        avg(cast(days as decimal(18, 9))) as mean_days
    from completions
    group by 1
)

select
    y.policy,
    c.unit,
    c.period_type,
    c.period_start,
    g.segment,
    g.segment_value,
    p.from_stage,
    p.to_stage,
    c.completed,
    c.still_open,
    {{ list_at('d.days_at', 1) }} as median_days,
    {{ list_at('d.days_at', 2) }} as p75_days,
    {{ list_at('d.days_at', 3) }} as p90_days,
    d.mean_days,
    m.kaplan_meier_median_days,
    {{ is_left_truncated('c', 'p') }} as is_left_truncated,
    c.completed < t.minimum_sample_size as is_small_sample
from cells as c
inner join policies as y on c.policy = y.measured_as
inner join stage_pairs as p on c.pair_number = p.pair_number
inner join segments as g on c.segment_number = g.segment_number
cross join settings as t
left join durations as d on c.cell_number = d.cell_number
left join medians as m on c.cell_number = m.cell_number
