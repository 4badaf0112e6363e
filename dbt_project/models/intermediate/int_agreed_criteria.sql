with criteria as (
    select * from {{ source('agreement', 'criteria') }}
),

versions as (
    select * from {{ ref('int_agreement_versions') }}
),

targets as (
    select * from {{ ref('int_agreed_targets') }}
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
    t.exit,
    c.source,
    c.field,
    c.operator,
    c.value,
    c.threshold
from criteria as c
inner join versions as v on c.version = v.version
inner join targets as t
    on c.version = t.version and c.target_kind = t.target_kind and c.target = t.target
