with stages as (
    select * from {{ source('agreement', 'stages') }}
),

versions as (
    select * from {{ ref('int_agreement_versions') }}
),

roles as (
    select version, stage, {{ dbt.listagg('role', "', '", 'order by role') }} as roles
    from {{ source('agreement', 'stage_roles') }}
    group by version, stage
)

select
    s.version as agreement_version,
    v.effective_from,
    v.is_in_force,
    s.stage,
    s.label,
    s.description,
    s.stage_rank,
    s.team,
    r.roles,
    s.authority,
    s.moves_to
from stages as s
inner join versions as v on s.version = v.version
left join roles as r on s.version = r.version and s.stage = r.stage
