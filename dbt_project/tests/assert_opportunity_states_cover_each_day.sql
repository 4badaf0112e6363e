-- No gap and no overlap: each state begins where the one before ended, and the last one lasts.
with states as (
    select
        s.*,
        lag(s.valid_until) over (partition by s.opportunity_key order by s.state_number)
            as last_valid_until,
        lead(s.state_number) over (partition by s.opportunity_key order by s.state_number)
            as next_state
    from {{ ref('fct_opportunity_states') }} as s
)

select s.*
from states as s
inner join {{ ref('fct_opportunities') }} as o on s.opportunity_key = o.opportunity_key
where
    (s.state_number > 1 and s.valid_from is distinct from s.last_valid_until)
    or (s.next_state is null and not o.is_deleted and s.valid_until is not null)
    or (s.next_state is null and o.is_deleted and s.valid_until is null)
    or s.valid_until <= s.valid_from
