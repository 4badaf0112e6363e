{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook='{{ forget_persons() }}'
) }}

with affected_persons as (
    select * from {{ ref('int_affected_persons') }}
),

moves as (
    select m.*
    from {{ ref('int_pass_moves') }} as m
    inner join affected_persons as p on m.person_key = p.person_key
),

person_signals as (
    select * from {{ ref('int_person_signals') }}
),

agreed_stages as (
    select * from {{ ref('int_agreed_stages') }}
)

select
    m.person_key,
    m.pass_number,
    cast(row_number() over (
        partition by m.person_key, m.pass_number order by m.signal_number
    ) as integer) as transition_number,
    coalesce(m.exit_before, b.stage) as from_stage,
    coalesce(s.exit, s.stage) as to_stage,
    s.exit is not null as is_exit,
    case m.kind
        when 'rejected' then 'reject'
        when 'recycled' then 'recycle'
        when 'disqualified' then 'disqualify'
        when 'lost' then 'lose'
        when 'churned' then 'churn'
        when 'expired' then 'expire'
        when 'deleted' then 'delete'
        when 'forward' then case when a.stage_position - b.stage_position > 1 then 'skip' else 'forward' end
        else m.kind
    end as kind,
    a.stage as current_stage,
    m.rank_after as state_rank,
    m.exit_after,
    s.is_win,
    s.stage_rank,
    s.signal_at as transition_at,
    s.signal_date as transition_date,
    s.precision,
    s.evidence,
    s.agreement_version,
    s.source,
    s.record_key,
    s.opportunity_key,
    s.change_key
from moves as m
inner join person_signals as s
    on m.person_key = s.person_key and m.signal_number = s.signal_number
left join agreed_stages as b on m.rank_before = b.stage_rank
left join agreed_stages as a on m.rank_after = a.stage_rank
