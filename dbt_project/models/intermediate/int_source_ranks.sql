with survivorship as (
    select * from {{ source('agreement', 'survivorship') }}
),

versions as (
    select * from {{ ref('int_agreement_versions') }} where is_in_force
)

-- The order for every attribute that has none of its own breaks all other ties between sources too.
select s.source, s.source_rank
from survivorship as s
inner join versions as v on s.version = v.version
where s.attribute = 'default'
