with roles as (
    select * from {{ ref('stg_files__opportunity_persons') }} where not is_record_deleted
)

select
    r.record_key,
    {{ reference_key('r', 'opportunity_id') }} as opportunity_key,
    {{ reference_key('r', 'person_id', 'person_source') }} as person_record_key,
    r.role,
    coalesce(r.is_primary, false) as is_primary,
    r.created_at
from roles as r
where r.opportunity_id is not null and r.person_id is not null
