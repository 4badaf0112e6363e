with records as (
    select * from {{ ref('int_person_records') }}
),

resolved as (
    select * from {{ ref('int_persons_resolved') }}
)

select
    r.record_key,
    r.source,
    r.instance,
    r.record_id,
    r.record_type,
    p.person_key,
    r.is_deleted
from records as r
inner join resolved as p on r.record_key = p.record_key
