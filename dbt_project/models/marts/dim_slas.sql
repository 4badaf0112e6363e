select
    s.version as agreement_version,
    s.sla,
    s.label,
    s.team,
    s.metric,
    s.target,
    s.target_unit,
    s.attainment_target,
    s.period,
    s.clock_start,
    s.clock_stop,
    s.calendar,
    s.segment,
    s.segment_value,
    v.effective_from,
    v.is_in_force
from {{ source('agreement', 'slas') }} as s
inner join {{ ref('int_agreement_versions') }} as v on s.version = v.version
