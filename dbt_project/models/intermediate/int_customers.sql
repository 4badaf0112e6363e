with passes as (
    select * from {{ ref('int_passes') }}
),

journeys as (
    select *, coalesce(account_key, person_key) as customer_key from {{ ref('int_journeys') }}
),

entries as (
    select e.*
    from {{ ref('int_stage_entries') }} as e
    inner join {{ ref('int_agreed_stages') }} as s on e.stage = s.stage and s.is_won_stage
    where e.journey_type = 'pass'
),

accounts as (
    select * from {{ ref('int_accounts') }}
),

opportunities as (
    select o.*, j.customer_key
    from {{ ref('int_opportunities') }} as o
    inner join journeys as j
        on j.journey_type = 'opportunity' and o.opportunity_key = j.journey_key
    where o.is_closed
),

context as (
    select * from {{ source('ops', 'run_context') }}
),

won_passes as (
    select
        j.customer_key,
        j.account_key,
        p.person_key,
        p.pass_key,
        p.outcome,
        p.ended_date,
        e.entered_date as won_date,
        row_number() over (
            partition by j.customer_key order by e.entered_date nulls last, p.pass_key
        ) as pass_place
    from passes as p
    inner join journeys as j on j.journey_type = 'pass' and p.pass_key = j.journey_key
    left join entries as e on p.pass_key = e.journey_key
    where p.outcome in ('won', 'churned')
),

-- Whoever left with one contract and stays with another is still a customer.
customers as (
    select
        customer_key,
        max(account_key) as account_key,
        max(case when pass_place = 1 then person_key end) as person_key,
        min(won_date) as won_date,
        case
            when min(case when outcome = 'churned' then 1 else 0 end) = 1 then max(ended_date)
        end as churned_date,
        min(case when outcome = 'churned' then 1 else 0 end) = 1 as is_churned,
        count(*) as won_passes
    from won_passes
    group by customer_key
),

values_won as (
    select
        customer_key,
        cast(sum(case when is_won then cast(amount_reporting as decimal(18, 4)) end) as double)
            as won_value,
        sum(case when is_won and opportunity_type = 'renewal' then 1 else 0 end) as renewals_won
    from opportunities
    group by customer_key
),

-- What they say who do not renew.
losses as (
    select
        customer_key,
        loss_reason,
        row_number() over (
            partition by customer_key order by closed_date desc nulls last, opportunity_key asc
        ) as recency
    from opportunities
    where not is_won and opportunity_type = 'renewal'
),

dated as (
    select
        c.customer_key,
        c.account_key,
        c.person_key,
        c.won_passes,
        coalesce(c.won_date, a.customer_since) as since_date,
        -- Billing knows the day; the funnel knows the day on which a renewal was lost.
        coalesce(
            case when a.customer_until <= ctx.as_of_date then a.customer_until end, c.churned_date
        ) as until_date,
        c.is_churned,
        a.margin,
        v.won_value,
        coalesce(v.renewals_won, 0) as renewals_won,
        l.loss_reason,
        ctx.as_of_date
    from customers as c
    cross join context as ctx
    left join accounts as a on c.account_key = a.account_key
    left join values_won as v on c.customer_key = v.customer_key
    left join losses as l on c.customer_key = l.customer_key and l.recency = 1
)

select
    customer_key,
    account_key,
    person_key,
    since_date,
    until_date,
    until_date is null and not is_churned as is_customer,
    -- Gone without a day: nobody knows how long it stayed.
    case
        when until_date is not null or not is_churned
            then cast({{ whole_months('since_date', 'coalesce(until_date, as_of_date)') }} as integer)
    end as retained_months,
    won_passes,
    renewals_won,
    won_value,
    margin,
    loss_reason
from dated
