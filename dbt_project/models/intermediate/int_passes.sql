{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook='{{ forget_persons() }}'
) }}

with affected_persons as (
    select * from {{ ref('int_affected_persons') }}
),

transitions as (
    select t.*
    from {{ ref('int_stage_transitions') }} as t
    inner join affected_persons as p on t.person_key = p.person_key
),

agreed_stages as (
    select * from {{ ref('int_agreed_stages') }}
),

numbered as (
    select
        *,
        row_number() over (partition by person_key, pass_number order by transition_number desc)
            as number_from_last,
        -- The exit that stands is the last one, if nothing resumed the pass after it.
        row_number() over (
            partition by person_key, pass_number, is_exit order by transition_number desc
        ) as number_from_last_of_kind,
        case
            when transition_date is not null
                then row_number() over (
                    partition by person_key, pass_number
                    order by case when transition_date is not null then 0 else 1 end, transition_number
                )
        end as dated_number
    from transitions
),

summed as (
    select
        person_key,
        pass_number,
        max(case when dated_number = 1 then transition_at end) as started_at,
        max(case when dated_number = 1 then transition_date end) as started_date,
        max(case when is_win then 1 else 0 end) = 1 as is_won,
        max(case when not is_exit then stage_rank end) as furthest_rank,
        max(case when number_from_last = 1 then exit_after end) as exit,
        max(case when number_from_last = 1 then state_rank end) as current_rank,
        max(case when is_exit and number_from_last_of_kind = 1 then transition_at end) as last_exit_at,
        max(case when is_exit and number_from_last_of_kind = 1 then transition_date end)
            as last_exit_date,
        max(case when is_exit and number_from_last_of_kind = 1 then precision end)
            as last_exit_precision,
        max(case when transition_number = 1 then to_stage end) as first_stage,
        max(case when transition_number = 1 then record_key end) as first_record_key
    from numbered
    group by person_key, pass_number
),

pass_opportunities as (
    select
        t.person_key,
        t.pass_number,
        t.opportunity_key,
        row_number() over (
            partition by t.person_key, t.pass_number order by min(t.transition_number)
        ) as opportunity_number
    from transitions as t
    where t.opportunity_key is not null
    group by t.person_key, t.pass_number, t.opportunity_key
)

select
    s.person_key,
    s.pass_number,
    s.person_key || '#' || cast(s.pass_number as varchar) as pass_key,
    s.started_at,
    s.started_date,
    case when s.exit is not null then s.last_exit_at end as ended_at,
    case when s.exit is not null then s.last_exit_date end as ended_date,
    case when s.exit is not null then s.last_exit_precision end as ended_precision,
    coalesce(s.exit, case when s.is_won then 'won' else 'open' end) as outcome,
    s.first_stage,
    s.first_record_key,
    c.stage as current_stage,
    m.stage as furthest_stage,
    o.opportunity_key as first_opportunity_key
from summed as s
inner join agreed_stages as c on s.current_rank = c.stage_rank
inner join agreed_stages as m on s.furthest_rank = m.stage_rank
left join pass_opportunities as o
    on s.person_key = o.person_key and s.pass_number = o.pass_number and o.opportunity_number = 1
