with entries as (
    select *
    from {{ ref('int_stage_entries') }}
    where journey_type = 'pass' and entered_date is not null
),

stage_pairs as (
    select * from {{ ref('int_stage_pairs') }}
),

settings as (
    select * from {{ ref('int_agreed_settings') }}
),

waits as (
    select
        p.from_stage,
        p.to_stage,
        p.pair_number,
        b.entered_date as arrived_date,
        {{ elapsed_days(
            'a.entered_at', 'a.entered_date', 'a.precision',
            'b.entered_at', 'b.entered_date', 'b.precision'
        ) }} as days
    from entries as a
    inner join stage_pairs as p on a.stage_rank = p.from_rank
    inner join entries as b on a.journey_key = b.journey_key and p.to_rank = b.stage_rank
),

periodic as (
    {%- for period in ['all', 'quarter', 'month'] %}
    select
        '{{ period }}' as period_type,
        {{ period_start('arrived_date', period) }} as period_start,
        from_stage,
        to_stage,
        days
    from waits
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
),

summed as (
    select
        period_type,
        period_start,
        from_stage,
        to_stage,
        count(*) as arrived,
        {{ percentiles('days', [0.5, 0.9]) }} as quantiles,
        -- Decimals: sums of doubles differ in the last bits between equal runs.
        cast(sum(cast(days as decimal(18, 6))) as double) / count(*) as mean_days
    from periodic
    group by period_type, period_start, from_stage, to_stage
)

select
    s.period_type,
    s.period_start,
    s.from_stage,
    s.to_stage,
    s.arrived,
    cast({{ item_at('s.quantiles', 1) }} as double) as median_days,
    cast({{ item_at('s.quantiles', 2) }} as double) as p90_days,
    s.mean_days,
    s.arrived < t.minimum_sample_size as is_small_sample
from summed as s
cross join settings as t
