with transitions as (
    select * from {{ ref('int_stage_transitions') }}
),

agreed_stages as (
    select * from {{ ref('int_agreed_stages') }}
),

-- Over dated states; an exit leaves no stage to stand in. Dated transitions come before undated ones.
states as (
    select
        person_key,
        pass_number,
        transition_number,
        transition_date,
        case when exit_after is null then state_rank end as state_rank
    from transitions
    where transition_date is not null
),

followed as (
    select
        transition_date,
        state_rank,
        lag(state_rank) over (
            partition by person_key, pass_number order by transition_number
        ) as rank_before
    from states
),

-- What leaves the pass where it is (a later entry to a lower stage) is no movement.
moves as (
    select transition_date, rank_before, state_rank, count(*) as passes
    from followed
    where rank_before is distinct from state_rank
    group by transition_date, rank_before, state_rank
),

sides as (
    select transition_date, state_rank as stage_rank, passes as moved_in, 0 as moved_out
    from moves
    where state_rank is not null
    union all
    select transition_date, rank_before, 0, passes
    from moves
    where rank_before is not null
)

select
    s.transition_date as movement_date,
    a.stage,
    sum(s.moved_in) as moved_in,
    sum(s.moved_out) as moved_out
from sides as s
inner join agreed_stages as a on s.stage_rank = a.stage_rank
group by s.transition_date, a.stage
