with campaigns as (
    select
        c.*,
        {{ reference_key('c', 'owner_id') }} as owner_key
    from {{ ref('stg_files__campaigns') }} as c
),

context as (
    select * from {{ source('ops', 'run_context') }}
)

select
    c.record_key as campaign_key,
    c.source,
    c.instance,
    c.record_id as campaign_id,
    c.name,
    c.campaign_type,
    c.status,
    c.parent_id,
    c.owner_key,
    c.cost,
    c.currency,
    cast(c.starts_at as date) as starts_date,
    cast(c.ends_at as date) as ends_date,
    c.created_at,
    c.updated_at,
    c.is_record_deleted as is_deleted
from campaigns as c
cross join context as ctx
where c.created_at is null or {{ happened_by('c.created_at', 'c.created_at_precision') }}
