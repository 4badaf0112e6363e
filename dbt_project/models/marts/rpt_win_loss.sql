with opportunities as (
    select *
    from {{ ref('int_opportunities') }}
    where opportunity_type = 'new_business' and not is_deleted
),

journey_segments as (
    select * from {{ ref('int_journey_segments') }} where journey_type = 'opportunity'
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

first_stages as (
    select journey_key as opportunity_key, min(entered_date) as first_stage_date
    from {{ ref('int_stage_entries') }}
    where journey_type = 'opportunity'
    group by journey_key
),

-- A system that writes 0 for what it lost cannot tell what was lost.
lost_amounts as (
    select
        source,
        instance,
        sum(case when is_closed and not is_won then 1 else 0 end) > 0
        and coalesce(sum(case when is_closed and not is_won then abs(amount) end), 0) = 0
            as is_lost_value_missing
    from opportunities
    group by source, instance
),

-- Each opportunity counts in one period: that of its closing, or of its beginning while it is open.
dated as (
    select
        o.*,
        l.is_lost_value_missing,
        coalesce(o.created_date, f.first_stage_date) as opened_date,
        case
            when o.is_closed then o.closed_date
            else coalesce(o.created_date, f.first_stage_date)
        end as period_date,
        {{ opened_moment('o', 'f.first_stage_date', 'ctx.reporting_time_zone') }} as opened_moment,
        case
            when not o.is_closed
                then {{ opened_moment('o', 'f.first_stage_date', 'ctx.reporting_time_zone') }}
            else coalesce(
                {{ moment('o.closed_at', 'o.closed_at_precision', 'ctx.reporting_time_zone') }},
                {{ since_ever() }}
            )
        end as period_moment
    from opportunities as o
    cross join context as ctx
    inner join lost_amounts as l on o.source = l.source and o.instance = l.instance
    left join first_stages as f on o.opportunity_key = f.opportunity_key
),

measured as (
    select
        opportunity_key,
        period_moment,
        opened_moment,
        period_date,
        opened_date,
        is_closed,
        is_won,
        is_closed and not is_won as is_lost,
        is_lost_value_missing,
        -- Summed exactly: doubles add up differently in another order, and equal runs must be equal.
        cast(amount_reporting as decimal(18, 4)) as amount_reporting,
        is_closed and amount is not null and amount_reporting is null as is_without_rate,
        {{ days_between('opened_date', 'closed_date') }} as cycle_days,
        -- 'Other' is not a reason.
        is_closed and not is_won and lower(loss_reason) not in ('other', 'unknown')
            as is_reason_known
    from dated
),

-- Counted where it closed; once more, for the cohort, where it was created.
counted as (
    select
        opportunity_key, period_moment as fact_moment, period_date, 1 as counted, 0 as created, 0 as created_won, is_closed, is_won,
        is_lost, is_lost_value_missing, amount_reporting, is_without_rate, cycle_days,
        is_reason_known
    from measured
    union all
    select
        opportunity_key, opened_moment, opened_date, 0, 1, case when is_won then 1 else 0 end, false, false, false,
        false, null, false, null, false
    from measured
),

-- Each with the segments of the moment that it is counted at: a later edit moves no closed period.
segmented as (
    select c.*, g.segment_set
    from counted as c
    inner join journey_segments as g
        on
            c.opportunity_key = g.journey_key
            and c.fact_moment >= g.valid_from
            and c.fact_moment < g.valid_until
),

observations as (
    {%- for period in ['all', 'quarter', 'month'] %}
    select
        '{{ period }}' as period_type,
        {{ period_start('m.period_date', period) }} as period_start,
        s.segment,
        s.segment_value,
        m.*
    from segmented as m
    inner join segment_values as s on m.segment_set = s.segment_set
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
