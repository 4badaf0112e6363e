{%- set periods = ['all', 'quarter', 'month'] -%}
{#- Edges in days of the slices that tell how far a cell has to be followed wait by wait. -#}
{%- set edges = [1, 2, 3, 5, 7, 10, 14, 20, 30, 45, 60, 90, 120, 180, 240, 360, 480, 720] -%}
{#- Who counts a wait, as a number for each: its journey, and its person where he enters first. -#}
{%- set counted_by = [
    ('journey', 'all', 1), ('journey', 'quarter', 1), ('journey', 'month', 1),
    ('person', 'all', 2), ('person', 'quarter', 4), ('person', 'month', 8)
] -%}

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

-- One row per entry of a journey, whoever counts it: what is measured differs little between them.
reached as (
    select
        journey_key,
        stage_rank,
        entered_at,
        entered_date,
        precision,
        segment_set_number,
        cohort_month,
        {%- for policy in ['any', 'strict'] %}
        sum(
            case
                when policy <> '{{ policy }}' then 0
                when unit <> 'person' then 1
                else 2 * is_first + 4 * is_first_in_quarter + 8 * is_first_in_month
            end
        ) as counted_{{ policy }},
        {%- endfor %}
        max(case when unit = 'opportunity' then 1 else 0 end) as is_opportunity
    from entries
    where entered_date is not null and policy <> 'implied'
    group by 1, 2, 3, 4, 5, 6, 7
),

-- Who was implied to have reached B is neither done on a known day nor still open.
implied as (
    select journey_key, stage_rank
    from entries
    where unit in ('pass', 'opportunity') and entered_date is null and policy = 'implied'
),

followed as (
    select
        a.*,
        p.pair_number,
        j.is_open,
        j.ended_at,
        j.ended_date,
        j.ended_precision,
        b.journey_key is not null as is_completed,
        b.entered_at as completed_at,
        b.entered_date as completed_date,
        b.precision as completed_precision,
        -- B may be entered without all that `strict` asks for: then only `any` is done.
        coalesce(b.counted_strict > 0, true) as is_same_for_strict
    from reached as a
    inner join stage_pairs as p on a.stage_rank = p.from_rank
    inner join journeys as j on a.journey_key = j.journey_key
    left join reached as b on a.journey_key = b.journey_key and p.to_rank = b.stage_rank
    left join implied as i on a.journey_key = i.journey_key and p.to_rank = i.stage_rank
    where i.journey_key is null
),

readings as (
    select
        * {{ exclude_columns(['is_completed']) }},
        is_completed,
        counted_any + case when is_same_for_strict then 16 * counted_strict else 0 end as counted
    from followed
    union all
    select * {{ exclude_columns(['is_completed']) }}, false, 16 * counted_strict
    from followed
    where counted_strict > 0 and not is_same_for_strict
),

waits as (
    select
        -- Pairs of stages of a pass, and the same pairs of an opportunity.
        cast(2 * r.pair_number + r.is_opportunity as integer) as course_number,
        r.segment_set_number,
        {{ period_start('r.cohort_month', 'quarter') }} as quarter_start,
        {{ period_start('r.cohort_month', 'month') }} as month_start,
        cast(r.counted as integer) as counted,
        r.is_completed,
        not r.is_completed and r.is_open as is_open,
        case
            when r.is_completed
                then {{ elapsed_days(
                    'r.entered_at', 'r.entered_date', 'r.precision',
                    'r.completed_at', 'r.completed_date', 'r.completed_precision'
                ) }}
            when r.is_open
                then {{ elapsed_days(
                    'r.entered_at', 'r.entered_date', 'r.precision',
                    'ctx.as_of', 'ctx.as_of_date', "'second'"
                ) }}
            -- Out of the funnel without B: it was watched until its end.
            else {{ elapsed_days(
                'r.entered_at', 'r.entered_date', 'r.precision',
                'r.ended_at', 'r.ended_date', 'r.ended_precision'
            ) }}
        end as days
    from readings as r
    cross join context as ctx
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
        course_number, segment_set_number, quarter_start, month_start, counted, slice,
        count(case when is_completed then 1 end) as completed,
        count(case when is_open then 1 end) as still_open,
        count(*) as watched
    from sliced_waits
    group by 1, 2, 3, 4, 5, 6
),

slices as (
    select
        w.course_number, s.segment_number, w.quarter_start, w.month_start, w.counted, w.slice,
        sum(w.completed) as completed,
        sum(w.still_open) as still_open,
        sum(w.watched) as watched
    from slices_by_set as w
    inner join segment_values as s on w.segment_set_number = s.segment_set_number
    group by 1, 2, 3, 4, 5, 6
),

sliced as (
    {%- for period in periods %}
    select
        '{{ period }}' as period_type,
        {% if period == 'all' %}cast(null as date){% else %}{{ period }}_start{% endif %} as period_start,
        segment_number, course_number, counted, slice,
        sum(completed) as completed,
        sum(still_open) as still_open,
        sum(watched) as watched
    from slices
    group by 1, 2, 3, 4, 5, 6
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
),

-- One row per combination of who counts a wait. They are fewer than the digits of a number, as who
-- is first of all is first in his quarter, and who is that is first in his month.
combinations as (
    select counted, power(2, row_number() over (order by counted) - 1) as digit
    from (select distinct counted from waits) as c
),

measures as (
    {%- for policy, weight in [('any', 1), ('strict', 16)] %}
    {%- set policy_loop = loop %}
    {%- for counter, period, number in counted_by %}
    select
        counted, digit, '{{ policy }}' as policy, '{{ counter }}' as counter,
        '{{ period }}' as period_type
    from combinations
    where mod(cast(floor(counted / {{ weight * number }}) as integer), 2) = 1
    {%- if not (loop.last and policy_loop.last) %}
    union all
    {%- endif %}
    {%- endfor %}
    {%- endfor %}
),

shares as (
    select
        s.period_type, s.period_start, s.segment_number, s.course_number, s.counted, c.digit,
        sum(s.completed) as completed,
        sum(s.still_open) as still_open,
        sum(case when s.slice is not null then s.watched else 0 end) as watched
    from sliced as s
    inner join combinations as c on s.counted = c.counted
    group by 1, 2, 3, 4, 5, 6
),

-- What a report's row is made of. Where policies and units have the same waits, it is the same.
measured as (
    select
        m.policy, m.counter, g.period_type, g.period_start, g.segment_number, g.course_number,
        cast(sum(g.digit) as bigint) as content
    from shares as g
    inner join measures as m on g.period_type = m.period_type and g.counted = m.counted
    group by 1, 2, 3, 4, 5, 6
),

contents as (
    select
        *,
        row_number() over (
            order by period_type, period_start, segment_number, course_number, content
        ) as cell_number
    from (
        select distinct period_type, period_start, segment_number, course_number, content
        from measured
    ) as c
),

cell_groups as (
    select c.cell_number, g.*
    from contents as c
    inner join shares as g
        on
            c.period_type = g.period_type
            and c.period_start is not distinct from g.period_start
            and c.segment_number = g.segment_number
            and c.course_number = g.course_number
    where mod(cast(floor(c.content / g.digit) as bigint), 2) = 1
),

-- Numbered, so that what follows groups by one number and not by five columns.
cells as (
    select
        cell_number,
        cast(sum(completed) as bigint) as completed,
        cast(sum(still_open) as bigint) as still_open,
        cast(sum(watched) as bigint) as watched
    from cell_groups
    group by 1
),

watched_slices as (
    select
        c.cell_number,
        s.slice,
        sum(s.completed) as completed,
        sum(s.watched) as watched,
        sum(sum(s.watched)) over (
            partition by c.cell_number order by s.slice desc
            rows between unbounded preceding and current row
        ) as still_watched
    from cell_groups as c
    inner join sliced as s
        on
            c.period_type = s.period_type
            and c.period_start is not distinct from s.period_start
            and c.segment_number = s.segment_number
            and c.course_number = s.course_number
            and c.counted = s.counted
    where s.slice is not null
    group by 1, 2
),

-- What survives a slice is least if all that were only watched leave before the first is done, and
-- most if they leave after the last. Where none can be left, e to the −1000 stands for none.
bounds as (
    select
        cell_number,
        slice,
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
        partition by cell_number order by slice rows between unbounded preceding and current row
    )
),

-- A cell that keeps more than a half at the least has no median, and behind the slice that leaves a
-- half at the most nothing decides it: half of the observations need no look.
reaches as (
    select
        cell_number,
        coalesce(
            min(case when most_log_survival <= ln(0.5) - 1e-9 then slice end), {{ edges | length + 1 }}
        ) as last_slice
    from bounds
    group by 1
    having min(least_log_survival) <= ln(0.5) + 1e-9
),

looked_at as (
    select
        c.cell_number, g.period_type, g.period_start, g.segment_number, g.course_number, g.counted,
        c.watched,
        coalesce(r.last_slice, 0) as last_slice
    from cell_groups as g
    inner join cells as c on g.cell_number = c.cell_number
    left join reaches as r on c.cell_number = r.cell_number
),

observations as (
    {%- for period in periods %}
    select c.cell_number, c.watched, w.days, w.is_completed, w.slice <= c.last_slice as is_followed
    from sliced_waits as w
    inner join segment_values as s on w.segment_set_number = s.segment_set_number
    inner join looked_at as c
        on
            w.course_number = c.course_number
            and s.segment_number = c.segment_number
            and w.counted = c.counted
            {%- if period != 'all' %}
            and w.{{ period }}_start = c.period_start
            {%- endif %}
    where c.period_type = '{{ period }}' and (w.is_completed or w.slice <= c.last_slice)
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
    where is_followed
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

durations as (
    select
        cell_number,
        {{ percentiles('days', [0.5, 0.75, 0.9]) }} as days_at,
        -- Summed exactly: doubles add up differently in another order, and equal runs must be equal.
        avg(cast(days as decimal(18, 9))) as mean_days
    from observations
    where is_completed
    group by 1
)

select
    y.policy,
    case
        when m.counter = 'person' then 'person'
        when mod(m.course_number, 2) = 1 then 'opportunity'
        else 'pass'
    end as unit,
    m.period_type,
    m.period_start,
    g.segment,
    g.segment_value,
    p.from_stage,
    p.to_stage,
    c.completed,
    c.still_open,
    {{ item_at('d.days_at', 1) }} as median_days,
    {{ item_at('d.days_at', 2) }} as p75_days,
    {{ item_at('d.days_at', 3) }} as p90_days,
    d.mean_days,
    k.kaplan_meier_median_days,
    {{ is_left_truncated('m', 'p') }} as is_left_truncated,
    c.completed < t.minimum_sample_size as is_small_sample
from measured as m
inner join contents as n
    on
        m.period_type = n.period_type
        and m.period_start is not distinct from n.period_start
        and m.segment_number = n.segment_number
        and m.course_number = n.course_number
        and m.content = n.content
inner join cells as c on n.cell_number = c.cell_number
inner join policies as y on m.policy = y.measured_as
inner join stage_pairs as p on floor(m.course_number / 2) = p.pair_number
inner join segments as g on m.segment_number = g.segment_number
cross join settings as t
left join durations as d on c.cell_number = d.cell_number
left join medians as k on c.cell_number = k.cell_number
