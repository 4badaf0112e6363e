select
    person_key || '#' || cast(pass_number as varchar) as pass_key,
    person_key,
    pass_number,
    transition_number,
    from_stage,
    to_stage,
    kind,
    transition_at,
    transition_date,
    precision,
    evidence,
    agreement_version,
    source,
    record_key,
    opportunity_key
from {{ ref('int_stage_transitions') }}
