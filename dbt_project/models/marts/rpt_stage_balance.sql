with movements as (
    select * from {{ ref('int_stage_movements') }}
),

agreed_stages as (
    select * from {{ ref('int_agreed_stages') }}
),

days as (
    select * from {{ ref('int_days') }}
),

context as (
    select * from {{ source('ops', 'run_context') }}
),

passes as (
    select * from {{ ref('int_passes') }}
),

last_dated as (
    select
        person_key,
        pass_number,
        case when exit_after is null then state_rank end as state_rank,
        row_number() over (
            partition by person_key, pass_number order by transition_number desc
        ) as recency
    from {{ ref('int_stage_transitions') }}
    where transition_date is not null
),

-- Where a pass stands by what is dated, and where it stands now.
standing as (
    select
        a.stage as dated_stage,
        case when p.outcome in ('open', 'won') then p.current_stage end as stage
    from passes as p
    left join last_dated as d
        on p.person_key = d.person_key and p.pass_number = d.pass_number and d.recency = 1
    left join agreed_stages as a on d.state_rank = a.stage_rank
),

undated_moves as (
    select dated_stage, stage, count(*) as passes
    from standing
    where dated_stage is distinct from stage
    group by dated_stage, stage
),

undated_sides as (
    select stage, passes as undated, 0 as undated_out
    from undated_moves
    union all
    select dated_stage, 0, passes
    from undated_moves
),

undated as (
    select stage, sum(undated) as undated, sum(undated_out) as undated_out
    from undated_sides
    where stage is not null
    group by stage
),

first_days as (
    select min(calendar_date) as calendar_date from days
),

-- What moved before the calendar begins moved before its first day: it is in the opening.
earlier as (
    select m.stage, sum(m.moved_in - m.moved_out) as passes
    from movements as m
    inner join first_days as f on m.movement_date < f.calendar_date
    group by m.stage
),

first_movements as (
    select min(movement_date) as movement_date from movements
),

balanced as (
    select
        d.calendar_date as balance_date,
        a.stage,
        a.stage_rank,
        coalesce(m.moved_in, 0) as moved_in,
        coalesce(m.moved_out, 0) as moved_out,
        coalesce(e.passes, 0) + sum(coalesce(m.moved_in, 0) - coalesce(m.moved_out, 0)) over (
            partition by a.stage order by d.calendar_date
            rows between unbounded preceding and current row
        ) as closing
    from days as d
    cross join context as ctx
    inner join first_movements as f on d.calendar_date >= f.movement_date
    cross join agreed_stages as a
    left join movements as m on d.calendar_date = m.movement_date and a.stage = m.stage
    left join earlier as e on a.stage = e.stage
    where d.calendar_date <= ctx.as_of_date
)

select
    b.balance_date,
    b.stage,
    b.stage_rank,
    cast(b.closing - b.moved_in + b.moved_out as bigint) as opening,
    cast(b.moved_in as bigint) as moved_in,
    cast(b.moved_out as bigint) as moved_out,
    cast(b.closing as bigint) as closing,
    cast(coalesce(u.undated, 0) as bigint) as undated,
    cast(coalesce(u.undated_out, 0) as bigint) as undated_out
from balanced as b
left join undated as u on b.stage = u.stage
