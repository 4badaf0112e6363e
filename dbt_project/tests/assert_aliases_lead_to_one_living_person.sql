-- Every alias leads to a person that is there, and no living key is an alias of another one.
select a.alias_key, a.person_key
from {{ ref('dim_person_aliases') }} as a
left join {{ ref('dim_persons') }} as p on a.person_key = p.person_key
left join {{ ref('dim_persons') }} as living on a.alias_key = living.person_key
where p.person_key is null or living.person_key is not null
union all
-- Every record is its person's key or an alias of it.
select r.record_key, r.person_key
from {{ ref('int_persons_resolved') }} as r
left join {{ ref('dim_person_aliases') }} as a
    on r.record_key = a.alias_key and r.person_key = a.person_key
where r.record_key <> r.person_key and a.alias_key is null
