{%- set dimensions = {'reason': 'loss_reason', 'competitor': 'competitor', 'stage': 'stage'} -%}

with lost as (
    select o.*, s.stage, s.days_in_stage
    from {{ ref('int_new_business') }} as o
    left join {{ ref('int_loss_stages') }} as s on o.opportunity_key = s.opportunity_key
    where o.is_lost
),

segments as (
    select * from {{ ref('int_new_business_segments') }} where occasion = 'counted'
),

versions as (
    select * from {{ ref('int_agreement_versions') }} where is_in_force
),

labels as (
    select 'reason' as dimension, r.reason as value, r.label
    from {{ source('agreement', 'exit_reasons') }} as r
    inner join versions as v on r.version = v.version
    where r.exit = 'lost'
    union all
    select 'stage', stage, label from {{ ref('int_agreed_stages') }}
),

settings as (
    select * from {{ ref('int_agreed_settings') }}
),

segmented as (
    select l.*, s.segment, s.segment_value
    from lost as l
    inner join segments as s on l.opportunity_key = s.opportunity_key
),

observations as (
    {%- for period in ['all', 'quarter', 'month'] %}
    {%- set period_loop = loop %}
    {%- for dimension, column in dimensions.items() %}
    select
        '{{ period }}' as period_type,
        {{ period_start('period_date', period) }} as period_start,
        segment,
        segment_value,
        '{{ dimension }}' as dimension,
        {{ column }} as value,
        amount_reporting,
        is_lost_value_missing,
        is_without_rate,
        days_in_stage,
        cycle_days
    from segmented
    {%- if period != 'all' %}
    where period_date is not null
    {%- endif %}
    {%- if not (loop.last and period_loop.last) %}
    union all
    {%- endif %}
    {%- endfor %}
    {%- endfor %}
),

summed as (
    select
        period_type,
        period_start,
        segment,
        segment_value,
        dimension,
        value,
        count(*) as lost,
        sum(amount_reporting) as lost_value,
        max(case when is_lost_value_missing then 1 else 0 end) as is_lost_value_missing,
        max(case when is_without_rate then 1 else 0 end) as is_rate_missing,
        {{ percentiles('days_in_stage', [0.5]) }} as stage_quantiles,
        avg(days_in_stage) as mean_days_in_stage,
        {{ percentiles('cycle_days', [0.5]) }} as cycle_quantiles,
        avg(cycle_days) as mean_cycle_days
    from observations
    group by period_type, period_start, segment, segment_value, dimension, value
),

-- All that were lost, whether anybody knows why or not: a share of those with a reason would look as if
-- everybody had given one.
totals as (
    select
        *,
        sum(lost) over cells as all_lost,
        sum(lost_value) over cells as all_lost_value,
        max(is_lost_value_missing) over cells = 1 as is_any_value_missing,
        max(is_rate_missing) over cells = 1 as is_any_rate_missing
    from summed
    window
        cells as (partition by period_type, period_start, segment, segment_value, dimension)
)

select
    t.period_type,
    t.period_start,
    t.segment,
    t.segment_value,
    t.dimension,
    t.value,
    b.label,
    cast(t.lost as bigint) as lost,
    cast(t.lost as double) / cast(t.all_lost as double) as share_of_lost,
    case
        when t.is_lost_value_missing = 0 and t.is_rate_missing = 0 then cast(t.lost_value as double)
    end as lost_value,
    case
        when not t.is_any_value_missing and not t.is_any_rate_missing
            then cast(coalesce(t.lost_value, 0) as double) / nullif(cast(t.all_lost_value as double), 0)
    end as share_of_lost_value,
    cast({{ item_at('t.stage_quantiles', 1) }} as double) as median_days_in_stage,
    t.mean_days_in_stage,
    cast({{ item_at('t.cycle_quantiles', 1) }} as double) as median_cycle_days,
    t.mean_cycle_days,
    coalesce({{ is_told('t.value') }}, false) as is_known,
    t.is_lost_value_missing = 1 as is_lost_value_missing,
    t.is_rate_missing = 1 as is_rate_missing,
    t.all_lost < s.minimum_sample_size as is_small_sample
from totals as t
cross join settings as s
left join labels as b on t.dimension = b.dimension and t.value = b.value
