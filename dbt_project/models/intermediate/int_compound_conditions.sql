with compounds as (
    select * from {{ source('agreement', 'compound_conditions') }}
),

criteria as (
    select * from {{ source('agreement', 'criteria') }}
),

last_compounds as (
    select target_kind, target, max(version) as last_version
    from compounds
    group by target_kind, target
)

select
    version,
    target_kind,
    target,
    criterion_number,
    true as is_compound,
    alternative_number,
    condition_number,
    is_negated,
    condition,
    source,
    field,
    operator,
    value,
    minimum,
    maximum,
    minimum_count,
    within_days
from compounds
union all
-- A new version alone moves nobody: who met a plain criterion of a former one has been there.
select
    c.version,
    c.target_kind,
    c.target,
    c.criterion_number,
    false,
    1,
    1,
    false,
    cast(c.version as varchar) || '/' || c.target_kind || '/' || c.target || '/'
    || cast(c.criterion_number as varchar),
    c.source,
    c.field,
    case when c.operator = 'in' then 'in' else 'between' end,
    c.value,
    c.threshold,
    cast(null as double),
    case when c.field = 'activity' then 1 end,
    cast(null as integer)
from criteria as c
inner join last_compounds as l
    on c.target_kind = l.target_kind and c.target = l.target and c.version < l.last_version
