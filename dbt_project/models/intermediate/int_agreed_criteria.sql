with criteria as (
    select * from {{ source('agreement', 'criteria') }}
),

versions as (
    select * from {{ ref('int_agreement_versions') }}
),

stages as (
    select * from {{ source('agreement', 'stages') }}
),

agreed_stages as (
    select * from {{ ref('int_agreed_stages') }}
),

-- A stage that a later version dropped counts as the one that version moves it to.
moved_stages as (
    select s.stage, s.moves_to
    from stages as s
    inner join versions as v on s.version = v.version and v.is_in_force
    where s.moves_to is not null
),

current_stages as (
    select s.version, s.stage as signed_stage, a.stage, a.stage_rank
    from stages as s
    left join moved_stages as m on s.stage = m.stage
    inner join agreed_stages as a on coalesce(m.moves_to, s.stage) = a.stage
)

select
    c.version,
    v.applies_from,
    v.applies_until,
    v.is_in_force,
    c.target_kind,
    c.target,
    t.stage,
    t.stage_rank,
    case when c.target_kind = 'exit' then c.target end as exit,
    c.source,
    c.field,
    c.operator,
    c.value,
    c.threshold
from criteria as c
inner join versions as v on c.version = v.version
left join current_stages as t
    on c.version = t.version and c.target = t.signed_stage and c.target_kind = 'stage'
where c.target_kind = 'exit' or t.stage is not null
