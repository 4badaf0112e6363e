-- connected_components runs a fixed number of rounds: here it shows when they were too few. An
-- e-mail that joins nobody is flagged on both sides.
select l.record_key, l.other_record_key
from {{ ref('int_person_links') }} as l
inner join {{ ref('int_persons_resolved') }} as a on l.record_key = a.record_key
inner join {{ ref('int_persons_resolved') }} as b on l.other_record_key = b.record_key
where
    l.has_happened
    and a.person_key <> b.person_key
    and (l.strength = 'hard' or not a.is_email_ambiguous or not b.is_email_ambiguous)
