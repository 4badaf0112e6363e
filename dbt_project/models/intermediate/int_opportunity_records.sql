with opportunities as (
    select
        o.*,
        {{ reference_key('o', 'account_id', 'account_source') }} as account_record_key,
        {{ reference_key('o', 'person_id', 'person_source') }} as person_record_key,
        {{ reference_key('o', 'owner_id') }} as owner_key,
        {{ reference_key('o', 'developer_id') }} as developer_key
    from {{ ref('stg_files__opportunities') }} as o
),

context as (
    select * from {{ source('ops', 'run_context') }}
),

-- A portal that deletes a stage delivers its old opportunities without one: they keep their label.
staged_versions as (
    select
        v.record_key,
        v.stage,
        row_number() over (
            partition by v.record_key order by v.exported_at desc, v.load_id desc, v.line desc
        ) as recency
    from {{ ref('base_files__opportunities') }} as v
    inner join opportunities as o on v.record_key = o.record_key and o.stage is null
    where v.cast_problem is null and v.stage is not null
)

select
    o.record_key as opportunity_key,
    o.source,
    o.instance,
    o.record_id as opportunity_id,
    o.name,
    o.account_record_key,
    o.person_record_key,
    o.owner_key,
    o.developer_key,
    coalesce(o.pipeline, 'default') as pipeline,
    coalesce(o.opportunity_type, 'new_business') as opportunity_type,
    o.product,
    coalesce(o.stage, k.stage) as stage,
    o.stage_at,
    o.stage_at_precision,
    case
        when o.is_won then 'won'
        when o.is_closed then 'lost'
        when not o.is_closed then 'open'
    end as outcome,
    o.amount,
    o.currency,
    {{ share('o.probability') }} as probability,
    o.forecast_category,
    {{ reporting_date(
        'o.expected_close_at', 'o.expected_close_at_precision', 'ctx.reporting_time_zone'
    ) }} as expected_close_date,
    o.lead_source,
    o.campaign,
    o.loss_reason,
    o.competitor,
    o.created_at,
    o.created_at_precision,
    {{ moment('o.created_at', 'o.created_at_precision', 'ctx.reporting_time_zone') }}
        as created_moment,
    {{ reporting_date('o.created_at', 'o.created_at_precision', 'ctx.reporting_time_zone') }}
        as created_date,
    o.closed_at,
    o.closed_at_precision,
    {{ reporting_date('o.closed_at', 'o.closed_at_precision', 'ctx.reporting_time_zone') }}
        as closed_date,
    o.updated_at,
    o.updated_at_precision,
    o.exported_at,
    o.is_record_deleted as is_deleted,
    case when o.is_record_deleted then o.deleted_at end as deleted_at,
    o.deleted_at_precision,
    case
        when o.is_record_deleted
            then {{ moment('o.deleted_at', 'o.deleted_at_precision', 'ctx.reporting_time_zone') }}
    end as deleted_moment
from opportunities as o
cross join context as ctx
left join staged_versions as k on o.record_key = k.record_key and k.recency = 1
where o.created_at is null or {{ happened_by('o.created_at', 'o.created_at_precision') }}
