with transitions as (
    select * from {{ ref('int_stage_transitions') }}
),

agreed_stages as (
    select * from {{ ref('int_agreed_stages') }}
),


summed as (
    select
        person_key,
        pass_number,
        min(transition_at) as started_at,
        min(transition_date) as started_date,
        max(case when kind = 'win' then 1 else 0 end) = 1 as is_won
    from transitions
    group by person_key, pass_number
),

-- The exit that stands: one that no later dated entry (of an opportunity that kept its pass) undid.
exits as (
    select
        person_key,
        pass_number,
        transition_at as ended_at,
        transition_date as ended_date,
        precision as ended_precision,
        to_stage as exit,
        row_number() over (
            partition by person_key, pass_number
            order by
                case when is_exit or transition_date is not null then 0 else 1 end asc,
                transition_number desc
        ) as last_number,
        is_exit
    from transitions
),

-- The pass starts where its dated story does; an undated entry only starts a pass without dates.
first_entries as (
    select
        t.person_key,
        t.pass_number,
        t.to_stage as first_stage,
        t.record_key,
        row_number() over (
            partition by t.person_key, t.pass_number order by t.transition_number
        ) as entry_number
    from transitions as t
    where not t.is_exit
),

last_moves as (
    select
        person_key,
        pass_number,
        state_rank,
        row_number() over (
            partition by person_key, pass_number order by transition_number desc
        ) as move_number
    from transitions
    where not is_exit
),

furthest as (
    select t.person_key, t.pass_number, max(a.stage_rank) as furthest_rank
    from transitions as t
    inner join agreed_stages as a on t.to_stage = a.stage
    group by t.person_key, t.pass_number
),

pass_opportunities as (
    select
        t.person_key,
        t.pass_number,
        t.opportunity_key,
        row_number() over (
            partition by t.person_key, t.pass_number order by min(t.transition_number)
        ) as opportunity_number
    from transitions as t
    where t.opportunity_key is not null
    group by t.person_key, t.pass_number, t.opportunity_key
)

select
    s.person_key,
    s.pass_number,
    s.person_key || '#' || cast(s.pass_number as varchar) as pass_key,
    s.started_at,
    s.started_date,
    x.ended_at,
    x.ended_date,
    x.ended_precision,
    coalesce(x.exit, case when s.is_won then 'won' else 'open' end) as outcome,
    f.first_stage,
    f.record_key as first_record_key,
    c.stage as current_stage,
    m.stage as furthest_stage,
    o.opportunity_key as first_opportunity_key
from summed as s
left join exits as x
    on
        s.person_key = x.person_key
        and s.pass_number = x.pass_number
        and x.last_number = 1
        and x.is_exit
inner join first_entries as f
    on s.person_key = f.person_key and s.pass_number = f.pass_number and f.entry_number = 1
inner join last_moves as l
    on s.person_key = l.person_key and s.pass_number = l.pass_number and l.move_number = 1
inner join agreed_stages as c on l.state_rank = c.stage_rank
inner join furthest as u on s.person_key = u.person_key and s.pass_number = u.pass_number
inner join agreed_stages as m on u.furthest_rank = m.stage_rank
left join pass_opportunities as o
    on s.person_key = o.person_key and s.pass_number = o.pass_number and o.opportunity_number = 1
