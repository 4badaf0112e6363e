with accounts as (
    select * from {{ ref('stg_files__accounts') }}
),

source_ranks as (
    select * from {{ ref('int_source_ranks') }}
),

context as (
    select * from {{ source('ops', 'run_context') }}
),

identified as (
    select a.* {{ exclude_columns(['linked_id']) }}, {{ real_id('a.linked_id') }} as linked_id
    from accounts as a
)

select
    a.record_key,
    a.source,
    a.instance,
    a.record_id,
    coalesce(r.source_rank, 1000) as source_rank,
    a.name,
    a.domain,
    {{ normalised_domain('a.domain') }} as domain_normalised,
    a.industry,
    a.account_type,
    a.country,
    a.employees,
    a.revenue,
    a.is_active_customer,
    {{ reporting_date('a.customer_since', 'a.customer_since_precision', 'ctx.reporting_time_zone') }}
        as customer_since,
    {{ reporting_date('a.customer_until', 'a.customer_until_precision', 'ctx.reporting_time_zone') }}
        as customer_until,
    case when a.margin <= 1 then a.margin end as margin,
    {{ reference_key('a', 'owner_id') }} as owner_key,
    {{ reference_key('a', 'linked_id', 'linked_source') }} as linked_record_key,
    a.created_at,
    a.created_at_precision,
    a.updated_at,
    a.exported_at,
    a.is_record_deleted as is_deleted,
    -- Also where it lies after as_of: until then the record is there.
    a.deleted_at,
    a.deleted_at_precision
from identified as a
cross join context as ctx
left join source_ranks as r on a.source = r.source
where a.created_at is null or {{ happened_by('a.created_at', 'a.created_at_precision') }}
