-- A round is what a pass went through up to an exit; what resumes the pass begins the next one.
select
    *,
    cast(1 + count(case when is_exit then 1 end) over (
        partition by person_key, pass_number order by transition_number
        rows between unbounded preceding and 1 preceding
    ) as integer) as round_number
from {{ ref('int_stage_transitions') }}
