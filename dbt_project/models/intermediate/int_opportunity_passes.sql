with person_signals as (
    select * from {{ ref('int_person_signals') }}
),

pass_signals as (
    select * from {{ ref('int_pass_signals') }}
)

select s.opportunity_key, s.person_key, max(p.pass_number) as pass_number
from person_signals as s
left join pass_signals as p
    on s.person_key = p.person_key and s.signal_number = p.signal_number
where s.opportunity_number is not null
group by s.opportunity_key, s.person_key
