with opportunities as (
    select * from {{ ref('int_opportunities') }} where not is_deleted
),

credits as (
    select * from {{ ref('int_opportunity_credits') }}
),

journey_segments as (
    select * from {{ ref('int_journey_segments') }} where journey_type = 'opportunity'
),

stage_entries as (
    select
        e.*,
        {{ moment('e.entered_at', 'e.precision', 'ctx.reporting_time_zone') }} as entered_moment
    from {{ ref('int_stage_entries') }} as e
    cross join {{ source('ops', 'run_context') }} as ctx
    where e.journey_type = 'opportunity'
),

segment_values as (
    select * from {{ ref('int_segment_values') }}
),

versions as (
    select * from {{ ref('int_agreement_versions') }}
),

stage_roles as (
    select r.*
    from {{ source('agreement', 'stage_roles') }} as r
    inner join versions as v on r.version = v.version and v.is_in_force
),

agreed_stages as (
    select * from {{ ref('int_agreed_stages') }}
),

targets as (
    select t.period, v.applies_from, v.applies_until, max(t.value) as target_value
    from {{ source('agreement', 'targets') }} as t
    inner join versions as v on t.version = v.version
    where t.metric = 'won_value'
    group by t.period, v.applies_from, v.applies_until
),

context as (
    select * from {{ source('ops', 'run_context') }}
),

settings as (
    select * from {{ ref('int_agreed_settings') }}
),

-- Qualified: at or beyond the agreed opportunity stage.
qualified_entries as (
    select
        e.journey_key as opportunity_key,
        min(e.entered_date) as qualified_date,
        min(e.entered_moment) as qualified_moment
    from stage_entries as e
    inner join agreed_stages as o on e.stage_rank >= o.stage_rank
    inner join stage_roles as r on o.stage = r.stage and r.role = 'opportunity'
    group by e.journey_key
),

first_stages as (
    select journey_key as opportunity_key, min(entered_date) as first_stage_date
    from stage_entries
    group by journey_key
),

measured as (
    select
        o.opportunity_key,
        o.opportunity_type,
        o.is_closed,
        o.is_won,
        o.closed_date,
        o.expected_close_date,
        coalesce(o.created_date, f.first_stage_date) as opened_date,
        coalesce(o.forecast_category = 'omitted', false) as is_omitted,
        c.sourced_by,
        c.is_influenced,
        q.opportunity_key is not null as is_qualified,
        q.qualified_date,
        q.qualified_moment,
        {{ opened_moment('o', 'f.first_stage_date', 'ctx.reporting_time_zone') }} as opened_moment,
        coalesce(
            {{ moment('o.closed_at', 'o.closed_at_precision', 'ctx.reporting_time_zone') }},
            {{ since_ever() }}
        ) as closed_moment,
        {{ just_before('ctx.as_of') }} as now_moment,
        cast(o.amount_created_reporting as decimal(18, 4)) as amount_created,
        -- Summed exactly: doubles add up differently in another order.
        cast(o.amount_reporting as decimal(18, 4)) as amount,
        cast(o.amount_weighted_reporting as decimal(18, 4)) as amount_weighted,
        o.amount is not null and o.amount_reporting is null
        or o.amount_created is not null and o.amount_created_reporting is null as is_without_rate
    from opportunities as o
    cross join context as ctx
    inner join credits as c on o.opportunity_key = c.opportunity_key
    left join first_stages as f on o.opportunity_key = f.opportunity_key
    left join qualified_entries as q on o.opportunity_key = q.opportunity_key
),

-- Each fact about an opportunity falls into a period of its own.
facts as (
    select 'created' as fact, opened_date as period_date, opened_moment as fact_moment, *
    from measured
    where opportunity_type = 'new_business'
    union all
    select 'qualified', qualified_date, coalesce(qualified_moment, {{ since_ever() }}), *
    from measured
    where opportunity_type = 'new_business' and is_qualified
    union all
    select 'open', expected_close_date, now_moment, *
    from measured
    where opportunity_type = 'new_business' and not is_closed and not is_omitted
    union all
    select 'omitted', expected_close_date, now_moment, *
    from measured
    where opportunity_type = 'new_business' and not is_closed and is_omitted
    union all
    select case when is_won then 'won' else 'lost' end, closed_date, closed_moment, *
    from measured
    where opportunity_type = 'new_business' and is_closed
    union all
    select opportunity_type || case when is_won then '_won' else '_lost' end, closed_date, closed_moment, *
    from measured
    where opportunity_type <> 'new_business' and is_closed
),

-- Each with the segments of its moment: a later edit moves no closed period. What is open is as it
-- stands at as_of.
segmented as (
    select f.*, g.segment_set
    from facts as f
    inner join journey_segments as g
        on
            f.opportunity_key = g.journey_key
            and f.fact_moment >= g.valid_from
            and f.fact_moment < g.valid_until
),

observations as (
    {%- for period in ['all', 'quarter', 'month'] %}
    select
        '{{ period }}' as period_type,
        {{ period_start('f.period_date', period) }} as period_start,
        s.segment,
        s.segment_value,
        {{ days_between('f.opened_date', 'f.closed_date') }} as cycle_days,
        f.*
    from segmented as f
    inner join segment_values as s on f.segment_set = s.segment_set
    {%- if period != 'all' %}
    where f.period_date is not null
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
        {%- for fact in ['created', 'qualified', 'open', 'omitted', 'won', 'lost', 'renewal_won',
            'renewal_lost'] %}
        sum(case when fact = '{{ fact }}' then 1 else 0 end) as {{ fact }}_count,
        {%- endfor %}
        sum(case when fact = 'created' and is_influenced then 1 else 0 end) as influenced_count,
        sum(case when fact = 'created' then amount_created end) as pipeline_created,
        sum(case when fact = 'created' then amount end) as pipeline_created_current,
        {%- for team in ['marketing', 'sales', 'customer_success'] %}
        sum(case when fact = 'created' and sourced_by = '{{ team }}' then amount_created end)
            as sourced_by_{{ team }},
        {%- endfor %}
        sum(case when fact = 'created' and is_influenced then amount_created end)
            as pipeline_influenced,
        sum(case when fact = 'open' then amount end) as open_pipeline,
        sum(case when fact = 'open' then amount_weighted end) as weighted_pipeline,
        sum(case when fact = 'omitted' then amount end) as omitted_pipeline,
        sum(case when fact = 'won' then amount end) as won_value,
        sum(case when fact = 'renewal_won' then amount end) as renewals_won_value,
        sum(case when fact = 'renewal_lost' then amount end) as renewals_lost_value,
        sum(case when fact = 'expansion_won' then amount end) as expansions_won_value,
        sum(case when fact = 'won' then cycle_days end) as cycle_days_won,
        count(case when fact = 'won' then cycle_days end) as cycles_won,
        count(case when fact = 'won' then amount end) as amounts_won,
        max(case when is_without_rate then 1 else 0 end) = 1 as is_rate_missing
    from observations
    group by period_type, period_start, segment, segment_value
),

rated as (
    select
        s.*,
        t.target_value,
        case
            when t.target_value > cast(coalesce(s.won_value, 0) as double)
                then t.target_value - cast(coalesce(s.won_value, 0) as double)
            when t.target_value is not null then 0
        end as remaining_target,
        case
            when ctx.outcomes <> 'won_only'
                then cast(s.won_count as double) / nullif(s.won_count + s.lost_count, 0)
        end as win_rate,
        cast(s.won_value as double) / nullif(s.amounts_won, 0) as mean_won_value,
        cast(s.cycle_days_won as double) / nullif(s.cycles_won, 0) as mean_cycle_days_won
    from summed as s
    cross join context as ctx
    -- A target is the whole team's: a segment has none.
    left join targets as t
        on
            s.segment = 'all'
            and s.period_type = t.period
            and s.period_start >= t.applies_from
            and s.period_start < t.applies_until
)

select
    r.period_type,
    r.period_start,
    r.segment,
    r.segment_value,
    cast(r.created_count as bigint) as created,
    cast(r.pipeline_created as double) as pipeline_created,
    cast(r.pipeline_created_current as double) as pipeline_created_current,
    cast(r.sourced_by_marketing as double) as sourced_by_marketing,
    cast(r.sourced_by_sales as double) as sourced_by_sales,
    cast(r.sourced_by_customer_success as double) as sourced_by_customer_success,
    cast(r.influenced_count as bigint) as influenced,
    cast(r.pipeline_influenced as double) as pipeline_influenced,
    cast(r.open_count as bigint) as open,
    cast(r.open_pipeline as double) as open_pipeline,
    cast(r.weighted_pipeline as double) as weighted_pipeline,
    cast(r.omitted_count as bigint) as omitted,
    cast(r.omitted_pipeline as double) as omitted_pipeline,
    cast(r.won_count as bigint) as won,
    cast(r.won_value as double) as won_value,
    r.target_value,
    cast(r.remaining_target as double) as remaining_target,
    cast(coalesce(r.open_pipeline, 0) as double) / nullif(r.remaining_target, 0) as coverage,
    cast(r.qualified_count as bigint) as qualified,
    r.win_rate,
    r.mean_won_value,
    r.mean_cycle_days_won,
    r.qualified_count * r.win_rate * r.mean_won_value / nullif(r.mean_cycle_days_won, 0)
        as pipeline_velocity,
    cast(r.renewal_won_count as bigint) as renewals_won,
    cast(r.renewal_lost_count as bigint) as renewals_lost,
    cast(r.renewals_won_value as double) as renewals_won_value,
    cast(r.renewals_lost_value as double) as renewals_lost_value,
    cast(r.expansions_won_value as double) as expansions_won_value,
    cast(coalesce(r.renewals_won_value, 0) as double) / nullif(
        cast(coalesce(r.renewals_won_value, 0) + coalesce(r.renewals_lost_value, 0) as double), 0
    ) as gross_revenue_retention,
    cast(coalesce(r.renewals_won_value, 0) + coalesce(r.expansions_won_value, 0) as double)
    / nullif(
        cast(coalesce(r.renewals_won_value, 0) + coalesce(r.renewals_lost_value, 0) as double), 0
    ) as net_revenue_retention,
    r.is_rate_missing,
    r.won_count + r.lost_count < t.minimum_sample_size as is_small_sample
from rated as r
cross join settings as t
