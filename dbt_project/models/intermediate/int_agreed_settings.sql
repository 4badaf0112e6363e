with settings as (
    select * from {{ source('agreement', 'settings') }}
),

versions as (
    select * from {{ ref('int_agreement_versions') }} where is_in_force
)

select s.*
from settings as s
inner join versions as v on s.version = v.version
