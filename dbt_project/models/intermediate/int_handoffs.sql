with transitions as (
    select * from {{ ref('int_transition_rounds') }}
),

handoff_stages as (
    select r.stage
    from {{ source('agreement', 'stage_roles') }} as r
    inner join {{ ref('int_agreement_versions') }} as v on r.version = v.version and v.is_in_force
    where r.role = 'hand_off'
),

context as (
    select * from {{ source('ops', 'run_context') }}
),

-- A pass is handed over when it enters the stage, and anew after each exit; a step back is none.
entries as (
    select
        t.*,
        row_number() over (
            partition by t.person_key, t.pass_number, t.round_number order by t.transition_number
        ) as entry_number
    from transitions as t
    inner join handoff_stages as s on t.to_stage = s.stage
    where not t.is_exit and t.kind not in ('back', 'reopen')
),

numbered as (
    select
        e.*,
        cast(row_number() over (
            partition by e.person_key, e.pass_number order by e.transition_number
        ) as integer) as handoff_number,
        {{ moment('e.transition_at', 'e.precision', 'ctx.reporting_time_zone') }} as moment
    from entries as e
    cross join context as ctx
    where e.entry_number = 1
)

-- What happens belongs to a hand-off until the person's next one that has a date.
select
    person_key || '#' || cast(pass_number as varchar) || '/' || cast(handoff_number as varchar)
        as handoff_key,
    person_key,
    pass_number,
    person_key || '#' || cast(pass_number as varchar) as pass_key,
    handoff_number,
    round_number,
    transition_number,
    transition_at as handed_off_at,
    transition_date as handed_off_date,
    precision,
    moment,
    coalesce(min(moment) over (
        partition by person_key order by pass_number, handoff_number
        rows between 1 following and unbounded following
    ), {{ until_ever() }}) as next_moment,
    evidence,
    agreement_version,
    source,
    record_key
from numbered
