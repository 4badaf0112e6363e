with opportunities as (
    select *
    from {{ ref('int_opportunities') }}
    where opportunity_type = 'new_business' and not is_deleted
),

context as (
    select * from {{ source('ops', 'run_context') }}
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
        {{ opened_moment('o', 'f.first_stage_date', 'ctx.reporting_time_zone') }} as opened_moment,
        coalesce(
            {{ moment('o.closed_at', 'o.closed_at_precision', 'ctx.reporting_time_zone') }},
            {{ since_ever() }}
        ) as closed_moment
    from opportunities as o
    cross join context as ctx
    inner join lost_amounts as l on o.source = l.source and o.instance = l.instance
    left join first_stages as f on o.opportunity_key = f.opportunity_key
)

select
    opportunity_key,
    source,
    instance,
    account_key,
    person_key,
    opened_date,
    opened_moment,
    closed_at,
    closed_at_precision,
    closed_date,
    case when is_closed then closed_date else opened_date end as period_date,
    case when is_closed then closed_moment else opened_moment end as period_moment,
    is_closed,
    is_won,
    is_closed and not is_won as is_lost,
    -- Summed exactly: doubles add up differently in another order, and equal runs must be equal.
    cast(amount_reporting as decimal(18, 4)) as amount_reporting,
    is_lost_value_missing,
    is_closed and amount is not null and amount_reporting is null as is_without_rate,
    {{ days_between('opened_date', 'closed_date') }} as cycle_days,
    product,
    lead_source,
    loss_reason,
    competitor,
    is_closed and not is_won and {{ is_told('loss_reason') }} as is_reason_known
from dated
