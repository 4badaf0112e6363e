with survivorship as (
    select * from {{ source('agreement', 'survivorship') }}
),

versions as (
    select * from {{ ref('int_agreement_versions') }} where is_in_force
)

select s.source, min(s.source_rank) as source_rank
from survivorship as s
inner join versions as v on s.version = v.version
group by s.source
