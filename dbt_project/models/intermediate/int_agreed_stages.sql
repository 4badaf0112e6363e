with stages as (
    select * from {{ source('agreement', 'stages') }}
),

roles as (
    select * from {{ source('agreement', 'stage_roles') }}
),

versions as (
    select * from {{ ref('int_agreement_versions') }} where is_in_force
),

roles_by_stage as (
    select
        version,
        stage,
        max(case when role = 'won' then 1 else 0 end) = 1 as is_won_stage
    from roles
    group by version, stage
)

select
    s.stage,
    s.label,
    s.stage_rank,
    row_number() over (order by s.stage_rank) as stage_position,
    s.team,
    s.authority,
    coalesce(r.is_won_stage, false) as is_won_stage
from stages as s
inner join versions as v on s.version = v.version
left join roles_by_stage as r on s.version = r.version and s.stage = r.stage
where s.moves_to is null
