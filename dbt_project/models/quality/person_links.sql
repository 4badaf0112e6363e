with links as (
    select * from {{ ref('int_person_links') }}
),

resolved as (
    select * from {{ ref('int_persons_resolved') }}
)

select
    a.person_key,
    l.record_key,
    l.other_record_key,
    l.kind,
    l.linked_at,
    l.linked_at_precision,
    case
        when not l.has_happened then 'later'
        when a.person_key is null then 'unknown'
        when a.person_key = b.person_key then 'joined'
        else 'ambiguous'
    end as outcome,
    b.person_key as other_person_key
from links as l
left join resolved as a on l.record_key = a.record_key
left join resolved as b on l.other_record_key = b.record_key
