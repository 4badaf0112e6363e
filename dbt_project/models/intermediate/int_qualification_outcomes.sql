with qualifications as (
    select * from {{ ref('int_qualifications') }} where is_qualified
),

passes as (
    select * from {{ ref('int_passes') }}
),

transitions as (
    select * from {{ ref('int_stage_transitions') }} where not is_exit
),

agreed_stages as (
    select * from {{ ref('int_agreed_stages') }}
),

wins as (
    select t.person_key, t.pass_number, min(t.transition_date) as won_date
    from transitions as t
    inner join agreed_stages as a on t.to_stage = a.stage and a.is_won_stage
    group by t.person_key, t.pass_number
),

-- The passes that went on, or began, when the person qualified.
passes_then as (
    select
        q.person_key,
        q.definition,
        q.qualified_date,
        p.pass_number,
        p.outcome,
        coalesce(w.won_date < q.qualified_date, false) as is_won_before
    from qualifications as q
    inner join passes as p on q.person_key = p.person_key
    left join wins as w on p.person_key = w.person_key and p.pass_number = w.pass_number
    where coalesce(p.ended_date >= q.qualified_date, true)
),

-- Whoever was won before cannot show what the definition is good for.
ranked_passes as (
    select
        *,
        row_number() over (
            partition by person_key, definition
            order by case when is_won_before then 1 else 0 end asc, pass_number desc
        ) as recency
    from passes_then
),

reached as (
    select p.person_key, p.definition, max(a.stage_rank) as furthest_rank
    from passes_then as p
    inner join transitions as t on p.person_key = t.person_key and p.pass_number = t.pass_number
    inner join agreed_stages as a on t.to_stage = a.stage
    where not p.is_won_before and coalesce(t.transition_date >= p.qualified_date, true)
    group by p.person_key, p.definition
)

select
    q.person_key,
    q.definition,
    q.qualified_date,
    r.furthest_rank,
    case
        when r.furthest_rank >= w.stage_rank then 'won'
        when p.person_key is null then 'no_pass'
        when p.is_won_before then 'won_before'
        else p.outcome
    end as outcome
from qualifications as q
left join ranked_passes as p
    on q.person_key = p.person_key and q.definition = p.definition and p.recency = 1
left join reached as r on q.person_key = r.person_key and q.definition = r.definition
left join agreed_stages as w on w.is_won_stage
