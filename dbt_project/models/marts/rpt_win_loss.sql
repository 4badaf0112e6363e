with opportunities as (
    select * from {{ ref('int_new_business') }}
),

segments as (
    select * from {{ ref('int_new_business_segments') }}
),

context as (
    select * from {{ source('ops', 'run_context') }}
),

settings as (
    select * from {{ ref('int_agreed_settings') }}
),

-- Counted where it closed; once more, for the cohort, where it was created.
counted as (
    select
        'counted' as occasion, opportunity_key, period_date, 1 as counted, 0 as created,
        0 as created_won, is_closed, is_won, is_lost, is_lost_value_missing, amount_reporting,
        is_without_rate, cycle_days, is_reason_known
    from opportunities
    union all
    select
        'created', opportunity_key, opened_date, 0, 1, case when is_won then 1 else 0 end, false,
        false, false, false, null, false, null, false
    from opportunities
),

observations as (
    {%- for period in ['all', 'quarter', 'month'] %}
    select
        '{{ period }}' as period_type,
        {{ period_start('m.period_date', period) }} as period_start,
        s.segment,
        s.segment_value,
        m.*
    from counted as m
    inner join segments as s
        on m.opportunity_key = s.opportunity_key and m.occasion = s.occasion
    {%- if period != 'all' %}
    where m.period_date is not null
    {%- endif %}
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
),

summed as (
    select
        period_type,
        period_start,
        segment,
        segment_value,
        sum(counted) as opportunities,
        sum(case when is_closed then 0 else counted end) as open,
        sum(created) as created,
        sum(created_won) as created_won,
        sum(case when is_won then 1 else 0 end) as won,
        sum(case when is_lost then 1 else 0 end) as lost,
        sum(case when is_won then amount_reporting end) as won_value,
        sum(case when is_lost then amount_reporting end) as lost_value,
        avg(case when is_won then amount_reporting end) as mean_won_value,
        percentile_cont(0.5) within group (order by case when is_won then amount_reporting end)
            as median_won_value,
        max(case when is_lost_value_missing then 1 else 0 end) = 1 as is_lost_value_missing,
        max(case when is_without_rate then 1 else 0 end) = 1 as is_rate_missing,
        avg(case when is_won then cycle_days end) as mean_cycle_days_won,
        percentile_cont(0.5) within group (order by case when is_won then cycle_days end)
            as median_cycle_days_won,
        avg(case when is_lost then cycle_days end) as mean_cycle_days_lost,
        percentile_cont(0.5) within group (order by case when is_lost then cycle_days end)
            as median_cycle_days_lost,
        avg(case when is_closed then cycle_days end) as mean_cycle_days_closed,
        sum(case when is_reason_known then 1 else 0 end) as reason_known
    from observations
    group by period_type, period_start, segment, segment_value
)

select
    s.period_type,
    s.period_start,
    s.segment,
    s.segment_value,
    cast(s.opportunities as bigint) as opportunities,
    cast(s.open as bigint) as open,
    cast(s.won as bigint) as won,
    cast(s.lost as bigint) as lost,
    case when ctx.outcomes <> 'won_only' then cast(s.won as double) / nullif(s.won + s.lost, 0) end
        as win_rate,
    case when ctx.outcomes <> 'won_only' then cast(s.won as double) / nullif(s.opportunities, 0) end
        as win_rate_all,
    cast(s.created as bigint) as created,
    case
        when ctx.outcomes <> 'won_only' then cast(s.created_won as double) / nullif(s.created, 0)
    end as cohort_win_rate,
    case
        when
            ctx.outcomes <> 'won_only' and not s.is_lost_value_missing and not s.is_rate_missing
            then
                cast(coalesce(s.won_value, 0) as double)
                / nullif(cast(coalesce(s.won_value, 0) + coalesce(s.lost_value, 0) as double), 0)
    end as win_rate_by_value,
    cast(s.won_value as double) as won_value,
    cast(s.lost_value as double) as lost_value,
    s.mean_won_value,
    cast(s.median_won_value as double) as median_won_value,
    s.mean_cycle_days_won,
    s.median_cycle_days_won,
    s.mean_cycle_days_lost,
    s.median_cycle_days_lost,
    s.mean_cycle_days_closed,
    cast(s.reason_known as bigint) as reason_known,
    ctx.outcomes = 'won_only' as is_won_only,
    s.is_lost_value_missing,
    s.is_rate_missing,
    s.won + s.lost < t.minimum_sample_size as is_small_sample
from summed as s
cross join context as ctx
cross join settings as t
