{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    pre_hook='{{ forget_persons() }}'
) }}

select
    t.person_key || '#' || cast(t.pass_number as varchar) as pass_key,
    t.person_key,
    t.pass_number,
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
from {{ ref('int_stage_transitions') }} as t
inner join {{ ref('int_affected_persons') }} as a on t.person_key = a.person_key
