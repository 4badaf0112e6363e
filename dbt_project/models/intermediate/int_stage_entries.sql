with transitions as (
    select
        *,
        row_number() over (
            partition by person_key, pass_number, to_stage order by transition_number
        ) as entry_number
    from {{ ref('int_stage_transitions') }}
    where not is_exit
),

stage_signals as (
    select * from {{ ref('int_stage_signals') }} where not is_exit and opportunity_key is not null
),

opportunity_entries as (
    select
        *,
        row_number() over (
            partition by opportunity_key, stage
            order by signal_date nulls last, signal_at nulls last, change_key
        ) as entry_number
    from stage_signals
)

select
    'pass' as journey_type,
    person_key || '#' || cast(pass_number as varchar) as journey_key,
    to_stage as stage,
    stage_rank,
    transition_at as entered_at,
    transition_date as entered_date,
    precision,
    evidence
from transitions
where entry_number = 1
union all
select
    'opportunity', opportunity_key, stage, stage_rank, signal_at, signal_date, precision, evidence
from opportunity_entries
where entry_number = 1
