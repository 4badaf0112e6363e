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
    t.transition_number,
    t.from_stage,
    t.to_stage,
    t.kind,
    t.transition_at,
    t.transition_date,
    t.precision,
    t.evidence,
    t.agreement_version,
    t.source,
    t.record_key,
    t.opportunity_key
from {{ ref('int_stage_transitions') }} as t
inner join {{ ref('int_affected_persons') }} as a on t.person_key = a.person_key
