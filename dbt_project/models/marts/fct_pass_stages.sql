with reached as (
    select * from {{ ref('int_stages_reached') }}
    where policy = 'implied' and journey_type = 'pass'
),

passes as (
    select * from {{ ref('int_passes') }}
),

agreed_stages as (
    select * from {{ ref('int_agreed_stages') }}
),

transitions as (
    select * from {{ ref('int_stage_transitions') }}
),

-- A stage is left by the next transition that moves the pass, or by its exit.
moves as (
    select
        person_key || '#' || cast(pass_number as varchar) as pass_key,
        to_stage,
        transition_number,
        lead(transition_at) over next_move as left_at,
        lead(transition_date) over next_move as left_date,
        lead(precision) over next_move as left_precision
    from transitions
    where kind <> 'enter' or from_stage is null
    window next_move as (partition by person_key, pass_number order by transition_number)
),

first_moves as (
    select
        *,
        row_number() over (partition by pass_key, to_stage order by transition_number) as move_number
    from moves
)

select
    p.pass_key,
    p.person_key,
    p.pass_number,
    a.stage,
    a.stage_rank,
    r.entered_at,
    r.entered_date,
    m.left_at,
    r.stage is not null as is_reached,
    r.evidence,
    {{ elapsed_days(
        'r.entered_at', 'r.entered_date', 'r.precision', 'm.left_at', 'm.left_date', 'm.left_precision'
    ) }} as days_in_stage
from passes as p
cross join agreed_stages as a
left join reached as r on p.pass_key = r.journey_key and a.stage = r.stage
left join first_moves as m
    on p.pass_key = m.pass_key and a.stage = m.to_stage and m.move_number = 1
