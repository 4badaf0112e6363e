with handoffs as (
    select * from {{ ref('int_handoffs') }}
),

transitions as (
    select * from {{ ref('int_transition_rounds') }}
),

accepted_stages as (
    select s.stage, s.stage_rank
    from {{ source('agreement', 'stage_roles') }} as r
    inner join {{ ref('int_agreement_versions') }} as v on r.version = v.version and v.is_in_force
    inner join {{ ref('int_agreed_stages') }} as s on r.stage = s.stage
    where r.role = 'accepted'
),

context as (
    select * from {{ source('ops', 'run_context') }}
),

-- Accepted, or beyond: sales works on it, whether or not somebody said so. An exit by silence or by a
-- deletion is nobody's answer, and an opportunity that is lost was accepted first. What sales worked on
-- before it was handed over was answered then.
answers as (
    select
        h.handoff_key,
        t.transition_number,
        case
            when not t.is_exit then 'accepted'
            else t.to_stage
        end as decision,
        case
            when t.is_exit then 'status'
            when t.opportunity_key is not null then 'opportunity'
            when t.to_stage = a.stage then 'status'
            else 'later_stage'
        end as decided_by,
        t.transition_at as decided_at,
        t.transition_date as decided_date,
        t.precision as decided_precision,
        {{ moment('t.transition_at', 't.precision', 'ctx.reporting_time_zone') }} as decided_moment,
        row_number() over (
            partition by h.handoff_key order by t.transition_number
        ) as answer_number
    from handoffs as h
    inner join transitions as t
        on
            h.person_key = t.person_key
            and h.pass_number = t.pass_number
            and h.round_number = t.round_number
    cross join context as ctx
    left join accepted_stages as a on t.stage_rank >= a.stage_rank and not t.is_exit
    where t.kind in ('reject', 'recycle', 'disqualify') or a.stage is not null
)

select * {{ exclude_columns(['answer_number']) }}
from answers
where answer_number = 1
