with resolved as (
    select * from {{ ref('int_persons_resolved') }}
),

opportunities as (
    select * from {{ ref('int_opportunities') }}
)

-- A key that was published before an older record joined is the key of a record, so all of them do.
select
    record_key as alias_key,
    person_key,
    case when is_record then 'record' else 'linked_id' end as alias_kind
from resolved
where record_key <> person_key
union all
-- Until somebody was attached to it, a placeholder stood in for the opportunity.
select 'placeholder/' || opportunity_key, person_key, 'placeholder'
from opportunities
where not is_placeholder_person
