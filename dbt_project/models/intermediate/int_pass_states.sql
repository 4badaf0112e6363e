with pass_signals as (
    select * from {{ ref('int_pass_signals') }}
),

-- Entering latches: the stage of a pass is the highest one entered since its last step back.
stretches as (
    select
        *,
        sum(case when is_step_back then 1 else 0 end) over (
            partition by person_key, pass_number order by signal_number
            rows between unbounded preceding and current row
        ) as stretch
    from pass_signals
),

states as (
    select
        *,
        max(stage_rank) over (
            partition by person_key, pass_number, stretch order by signal_number
            rows between unbounded preceding and current row
        ) as state_rank,
        row_number() over (
            partition by person_key, pass_number, stage order by signal_number
        ) as entry_number
    from stretches
)

select
    *,
    lag(state_rank) over (partition by person_key, pass_number order by signal_number)
        as state_rank_before
from states
