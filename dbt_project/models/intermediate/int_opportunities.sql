with opportunities as (
    select * from {{ ref('int_opportunity_records') }}
),

states as (
    select * from {{ ref('int_opportunity_states') }}
),

last_states as (
    select * from states where is_last
),

first_states as (
    select * from states where state_number = 1
),

conversions as (
    select * from {{ ref('int_currency_conversions') }}
),

closings as (
    select
        *,
        row_number() over (
            partition by opportunity_key order by closing_number desc
        ) as recency
    from {{ ref('int_opportunity_closings') }}
),

context as (
    select * from {{ source('ops', 'run_context') }}
),

persons as (
    select * from {{ ref('int_persons_resolved') }}
),

accounts as (
    select * from {{ ref('int_accounts_resolved') }}
),

-- The law's order: primary contact role, converting lead, contact field, the earliest other role.
candidates as (
    select opportunity_key, person_record_key, 1 as preference, cast(null as timestamp) as created_at
    from {{ ref('int_opportunity_persons') }}
    where is_primary
    union all
    select converted_opportunity_key, record_key, 2, cast(null as timestamp)
    from {{ ref('int_person_records') }}
    where converted_opportunity_key is not null
    union all
    select opportunity_key, person_record_key, 3, cast(null as timestamp)
    from opportunities
    where person_record_key is not null
    union all
    select opportunity_key, person_record_key, 4, created_at
    from {{ ref('int_opportunity_persons') }}
    where not is_primary
),

preferred as (
    select
        c.opportunity_key,
        p.person_key,
        row_number() over (
            partition by c.opportunity_key
            order by c.preference, c.created_at nulls last, c.person_record_key
        ) as choice
    from candidates as c
    inner join persons as p on c.person_record_key = p.record_key
),

-- As of now, or as of the deletion.
as_of_now as (
    select
        o.* {{ exclude_columns([
            'stage', 'amount', 'currency', 'probability', 'forecast_category',
            'expected_close_date', 'owner_key', 'outcome', 'stage_at', 'closed_at',
            'closed_at_precision', 'closed_date'
        ]) }},
        s.stage,
        -- The record's own date of its stage, where that is the stage of now.
        case when o.stage = s.stage then o.stage_at end as stage_at,
        o.stage_at_precision,
        s.amount,
        s.currency,
        s.probability,
        s.forecast_category,
        s.expected_close_date,
        s.owner_key,
        s.is_closed,
        s.is_won,
        case when s.is_closed then c.closed_at end as closed_at,
        case when s.is_closed then c.closed_at_precision else 'second' end as closed_at_precision,
        case when s.is_closed then c.closed_date end as closed_date,
        -- What is closed keeps the rate of its closing.
        case when s.is_closed then s.money_at else ctx.as_of end as money_at,
        f.amount as amount_created,
        f.currency as currency_created,
        f.money_at as money_created_at,
        f.owner_key as owner_key_created
    from opportunities as o
    cross join context as ctx
    inner join last_states as s on o.opportunity_key = s.opportunity_key
    inner join first_states as f on o.opportunity_key = f.opportunity_key
    left join closings as c on o.opportunity_key = c.opportunity_key and c.recency = 1
)

select
    o.opportunity_key,
    o.source,
    o.instance,
    o.opportunity_id,
    o.name,
    coalesce(p.person_key, 'placeholder/' || o.opportunity_key) as person_key,
    p.person_key is null as is_placeholder_person,
    a.account_key,
    o.account_record_key,
    o.owner_key,
    o.owner_key_created,
    o.developer_key,
    o.pipeline,
    o.opportunity_type,
    o.product,
    o.stage,
    o.stage_at,
    o.stage_at_precision,
    o.is_closed,
    o.is_won,
    o.created_at,
    o.created_at_precision,
    o.created_moment,
    o.created_date,
    o.closed_at,
    o.closed_at_precision,
    o.closed_date,
    o.expected_close_date,
    o.is_deleted,
    o.deleted_at,
    o.amount,
    o.currency,
    {{ money('o.amount * r.factor') }} as amount_reporting,
    o.probability,
    {{ money('o.amount * o.probability') }} as amount_weighted,
    {{ money('o.amount * o.probability * r.factor') }} as amount_weighted_reporting,
    o.forecast_category,
    o.amount_created,
    {{ money('o.amount_created * c.factor') }} as amount_created_reporting,
    o.lead_source,
    o.campaign,
    o.loss_reason,
    o.competitor,
    o.exported_at
from as_of_now as o
left join conversions as r
    on
        o.source = r.source
        and o.instance = r.instance
        and o.currency = r.currency
        and o.money_at = r.money_at
left join conversions as c
    on
        o.source = c.source
        and o.instance = c.instance
        and o.currency_created = c.currency
        and o.money_created_at = c.money_at
left join preferred as p on o.opportunity_key = p.opportunity_key and p.choice = 1
left join accounts as a on o.account_record_key = a.record_key
