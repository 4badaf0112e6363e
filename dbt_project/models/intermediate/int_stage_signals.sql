{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook='{{ forget_persons() }}'
) }}

with affected_persons as (
    select * from {{ ref('int_affected_persons') }}
),

meanings as (
    select m.*
    from {{ ref('int_signal_meanings') }} as m
    inner join affected_persons as p on m.person_key = p.person_key
),

signals as (
    select * from {{ ref('int_signals') }}
),

source_ranks as (
    select * from {{ ref('int_source_ranks') }}
)

select
    s.person_key,
    s.record_key,
    s.opportunity_key,
    s.source,
    coalesce(k.source_rank, 1000) as source_rank,
    s.kind_rank,
    s.field,
    s.value,
    s.signal_at,
    s.precision,
    s.signal_date,
    s.moment,
    s.evidence,
    s.change_key,
    s.chain_position,
    m.agreement_version,
    m.exit is not null as is_exit,
    m.exit,
    m.stage,
    m.stage_rank,
    m.has_turned_true,
    m.left_rank
from meanings as m
inner join signals as s on m.change_key = s.change_key
left join source_ranks as k on s.source = k.source
