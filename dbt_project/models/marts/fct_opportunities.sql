with opportunities as (
    select * from {{ ref('int_opportunities') }}
),

opportunity_passes as (
    select * from {{ ref('int_opportunity_passes') }}
),

passes as (
    select * from {{ ref('int_passes') }}
),

agreed_stages as (
    select * from {{ ref('int_agreed_stages') }}
),

entries as (
    select journey_key as opportunity_key, min(entered_at) as first_stage_at
    from {{ ref('int_stage_entries') }}
    where journey_type = 'opportunity'
    group by journey_key
)

select
    o.opportunity_key,
    o.source,
    o.instance,
    o.opportunity_id,
    o.account_key,
    o.person_key,
    s.pass_number,
    o.owner_key,
    o.pipeline,
    o.opportunity_type,
    o.product,
    o.stage,
    o.created_at,
    e.first_stage_at,
    o.closed_at,
    o.is_closed,
    o.is_won,
    o.amount,
    o.currency,
    o.amount_reporting,
    case
        when p.pass_key is null then null
        when a.team = 'marketing' then 'marketing'
        else 'sales'
    end as sourced_by,
    o.loss_reason,
    o.competitor
from opportunities as o
left join opportunity_passes as s on o.opportunity_key = s.opportunity_key
left join passes as p on o.person_key = p.person_key and s.pass_number = p.pass_number
left join agreed_stages as a on p.first_stage = a.stage
left join entries as e on o.opportunity_key = e.opportunity_key
