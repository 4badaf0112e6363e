with opportunities as (
    select
        o.*,
        {{ reference_key('o', 'account_id', 'account_source') }} as account_record_key,
        {{ reference_key('o', 'person_id', 'person_source') }} as person_record_key,
        {{ reference_key('o', 'owner_id') }} as owner_key
    from {{ ref('stg_files__opportunities') }} as o
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

settings as (
    select * from {{ ref('int_agreed_settings') }}
),

-- The law's order: primary contact role, converting lead, contact field, any other role.
candidates as (
    select opportunity_key, person_record_key, 1 as preference
    from {{ ref('int_opportunity_persons') }}
    where is_primary
    union all
    select converted_opportunity_key, record_key, 2
    from {{ ref('int_person_records') }}
    where converted_opportunity_key is not null
    union all
    select record_key, person_record_key, 3
    from opportunities
    where person_record_key is not null
    union all
    select opportunity_key, person_record_key, 4
    from {{ ref('int_opportunity_persons') }}
    where not is_primary
),

preferred as (
    select
        c.opportunity_key,
        p.person_key,
        row_number() over (
            partition by c.opportunity_key order by c.preference, c.person_record_key
        ) as choice
    from candidates as c
    inner join persons as p on c.person_record_key = p.record_key
),

as_of as (
    select
        o.*,
        o.created_at is null or {{ happened_by('o.created_at', 'o.created_at_precision') }} as is_created,
        (coalesce(o.is_closed, false) or coalesce(o.is_won, false))
        and (o.closed_at is null or {{ happened_by('o.closed_at', 'o.closed_at_precision') }})
            as is_closed_by_then
    from opportunities as o
    cross join context as ctx
)

select
    o.record_key as opportunity_key,
    o.source,
    o.instance,
    o.record_id as opportunity_id,
    o.name,
    coalesce(p.person_key, 'placeholder/' || o.record_key) as person_key,
    p.person_key is null as is_placeholder_person,
    a.account_key,
    o.account_record_key,
    o.owner_key,
    coalesce(o.pipeline, 'default') as pipeline,
    coalesce(o.opportunity_type, 'new_business') as opportunity_type,
    o.product,
    o.stage,
    o.stage_at,
    o.stage_at_precision,
    o.is_closed_by_then as is_closed,
    o.is_closed_by_then and coalesce(o.is_won, false) as is_won,
    o.created_at,
    o.created_at_precision,
    {{ reporting_date('o.created_at', 'o.created_at_precision', 'ctx.reporting_time_zone') }}
        as created_date,
    case when o.is_closed_by_then then o.closed_at end as closed_at,
    o.closed_at_precision,
    case
        when o.is_closed_by_then
            then {{ reporting_date('o.closed_at', 'o.closed_at_precision', 'ctx.reporting_time_zone') }}
    end as closed_date,
    o.amount,
    coalesce(o.currency, s.currency) as currency,
    -- Dated rates land with a later source; until then only the reporting currency converts.
    case when coalesce(o.currency, s.currency) = s.currency then o.amount end
        as amount_reporting,
    o.probability,
    o.lead_source,
    o.campaign,
    o.loss_reason,
    o.competitor,
    o.exported_at
from as_of as o
cross join context as ctx
cross join settings as s
left join preferred as p on o.record_key = p.opportunity_key and p.choice = 1
left join accounts as a on o.account_record_key = a.record_key
where o.is_created and not o.is_record_deleted
