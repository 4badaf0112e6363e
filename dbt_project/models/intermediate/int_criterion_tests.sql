with versions as (
    select * from {{ ref('int_agreement_versions') }} where is_in_force
),

rules as (
    select r.*
    from {{ source('agreement', 'qualification_rules') }} as r
    inner join versions as v on r.version = v.version
),

qualified_stages as (
    select r.stage
    from {{ source('agreement', 'stage_roles') }} as r
    inner join versions as v on r.version = v.version
    where r.role = 'marketing_qualified'
),

entry_criteria as (
    select c.*
    from {{ source('agreement', 'criteria') }} as c
    inner join versions as v on c.version = v.version
    inner join qualified_stages as s on c.target = s.stage
    where c.target_kind = 'stage'
),

tests as (
    select
        team as definition, kind, rule_number, cast(null as varchar) as source, field, operator,
        value, threshold, description
    from rules
    union all
    -- How the stage is entered stands beside what should qualify for it.
    select
        'stage:' || target, 'enters', criterion_number, source, field, operator, value, threshold,
        cast(null as varchar)
    from entry_criteria
)

select
    cast(dense_rank() over (order by definition, kind, rule_number) as integer) as criterion_number,
    definition,
    kind,
    rule_number,
    source,
    field,
    operator,
    value,
    threshold,
    description
from tests
