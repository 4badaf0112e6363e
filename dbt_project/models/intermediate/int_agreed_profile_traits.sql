with versions as (
    select * from {{ ref('int_agreement_versions') }} where is_in_force
)

select
    t.profile,
    t.trait_number,
    t.subject || '.' || t.field as field,
    t.operator,
    t.value,
    t.minimum,
    t.maximum,
    t.weight,
    p.fits_from
from {{ source('agreement', 'profile_traits') }} as t
inner join {{ source('agreement', 'profiles') }} as p
    on t.version = p.version and t.profile = p.profile
inner join versions as v on t.version = v.version
