with passes as (
    select * from {{ ref('int_passes') }}
),

persons as (
    select * from {{ ref('int_persons') }} where not is_placeholder
),

transitions as (
    select * from {{ ref('int_stage_transitions') }} where not is_exit
),

agreed_stages as (
    select * from {{ ref('int_agreed_stages') }}
),

outcome_ranks as (
    select r.role as outcome, s.stage_rank
    from {{ source('agreement', 'stage_roles') }} as r
    inner join {{ ref('int_agreement_versions') }} as v on r.version = v.version and v.is_in_force
    inner join agreed_stages as s on r.stage = s.stage
    where r.role in ('accepted', 'won')
),

leads as (
    select p.person_key, min(p.started_date) as started_date
    from passes as p
    inner join persons as n on p.person_key = n.person_key
    group by p.person_key
),

-- From accepted on is accepted: the step itself may never have been recorded.
good as (
    select t.person_key, o.outcome, min(t.transition_date) as good_date
    from transitions as t
    inner join agreed_stages as a on t.to_stage = a.stage
    inner join outcome_ranks as o on a.stage_rank >= o.stage_rank
    group by t.person_key, o.outcome
)

select
    l.person_key,
    o.outcome,
    l.started_date,
    g.person_key is not null as is_good,
    g.good_date
from leads as l
cross join outcome_ranks as o
left join good as g on l.person_key = g.person_key and o.outcome = g.outcome
