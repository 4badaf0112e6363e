select
    c.version as agreement_version,
    c.question,
    c.contact,
    c.team,
    v.is_in_force
from {{ source('agreement', 'handoff_contacts') }} as c
inner join {{ ref('int_agreement_versions') }} as v on c.version = v.version
