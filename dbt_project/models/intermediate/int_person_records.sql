with persons as (
    select * from {{ ref('stg_files__persons') }}
),

source_ranks as (
    select * from {{ ref('int_source_ranks') }}
),

context as (
    select * from {{ source('ops', 'run_context') }}
),

role_mailboxes as (
    select lower(r.mailbox) as mailbox
    from {{ source('agreement', 'role_mailboxes') }} as r
    inner join {{ ref('int_agreement_versions') }} as v on r.version = v.version and v.is_in_force
),

identified as (
    select
        p.* {{ exclude_columns(['linked_id', 'converted_id', 'merged_into_id']) }},
        {{ real_id('p.linked_id') }} as linked_id,
        {{ real_id('p.converted_id') }} as converted_id,
        {{ real_id('p.merged_into_id') }} as merged_into_id,
        {{ normalised_email('p.email') }} as email_normalised
    from persons as p
)

select
    p.record_key,
    p.source,
    p.instance,
    p.record_id,
    -- A source without a place in the survivorship order comes after all that have one.
    coalesce(r.source_rank, 1000) as source_rank,
    coalesce(p.record_type, 'lead') as record_type,
    p.email,
    p.email_normalised,
    -- One human's own, as far as an address tells: neither a role's nor a placeholder.
    case
        when m.mailbox is null and not {{ is_placeholder_email('p.email_normalised') }}
            then p.email_normalised
    end as personal_email,
    p.first_name,
    p.last_name,
    p.title,
    p.phone,
    p.company,
    p.industry,
    p.employees,
    p.revenue,
    p.country,
    p.time_zone,
    p.lead_source,
    p.campaign,
    p.persona,
    p.status,
    p.status_at,
    p.status_at_precision,
    p.lifecycle_stage,
    p.lifecycle_stage_at,
    p.lifecycle_stage_at_precision,
    p.score,
    p.reason,
    p.quality_rating,
    {{ reference_key('p', 'owner_id') }} as owner_key,
    {{ reference_key('p', 'account_id', 'account_source') }} as account_record_key,
    {{ reference_key('p', 'linked_id', 'linked_source') }} as linked_record_key,
    {{ reference_key('p', 'converted_id') }} as converted_record_key,
    {{ reference_key('p', 'converted_account_id') }} as converted_account_record_key,
    {{ reference_key('p', 'converted_opportunity_id') }} as converted_opportunity_key,
    {{ reference_key('p', 'merged_into_id') }} as merged_into_record_key,
    p.merged_ids,
    p.converted_at,
    p.converted_at_precision,
    p.created_at,
    p.created_at_precision,
    p.updated_at,
    p.updated_at_precision,
    p.exported_at,
    p.is_record_deleted as is_deleted,
    -- Also where it lies after as_of: until then the record is there.
    p.deleted_at,
    p.deleted_at_precision
from identified as p
cross join context as ctx
left join source_ranks as r on p.source = r.source
left join role_mailboxes as m on {{ mailbox('p.email_normalised') }} = m.mailbox
where p.created_at is null or {{ happened_by('p.created_at', 'p.created_at_precision') }}
