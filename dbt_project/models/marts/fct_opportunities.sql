with opportunities as (
    select * from {{ ref('int_opportunities') }}
),

credits as (
    select * from {{ ref('int_opportunity_credits') }}
),

opportunity_passes as (
    select * from {{ ref('int_opportunity_passes') }}
),

entries as (
    select
        journey_key as opportunity_key,
        min(entered_at) as first_stage_at,
        min(entered_date) as first_stage_date
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
    o.developer_key,
    o.pipeline,
    o.opportunity_type,
    o.product,
    o.stage,
    o.created_at,
    e.first_stage_at,
    o.closed_at,
    coalesce(o.created_date, e.first_stage_date) as opened_date,
    o.closed_date,
    o.expected_close_date,
    o.is_closed,
    o.is_won,
    o.is_deleted,
    o.deleted_at,
    o.amount,
    o.currency,
    o.amount_reporting,
    o.probability,
    o.amount_weighted,
    o.amount_weighted_reporting,
    o.forecast_category,
    o.amount_created,
    o.amount_created_reporting,
    c.sourced_by,
    c.first_touch_at,
    c.is_influenced,
    c.influencing_touches,
    o.loss_reason,
    o.competitor
from opportunities as o
inner join credits as c on o.opportunity_key = c.opportunity_key
left join opportunity_passes as s on o.opportunity_key = s.opportunity_key
left join entries as e on o.opportunity_key = e.opportunity_key
