with versions as (
    select * from {{ ref('int_agreement_versions') }}
),

stages as (
    select * from {{ source('agreement', 'stages') }}
),

exits as (
    select * from {{ source('agreement', 'exits') }}
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
)

select
    s.version, 'stage' as target_kind, s.stage as target, a.stage, a.stage_rank,
    cast(null as varchar) as exit
from stages as s
left join moved_stages as m on s.stage = m.stage
inner join agreed_stages as a on coalesce(m.moves_to, s.stage) = a.stage
union all
select
    version, 'exit', exit as target, cast(null as varchar), cast(null as integer), exit as exit_key
from exits
