with states as (
    select * from {{ ref('int_pass_states') }}
),

agreed_stages as (
    select * from {{ ref('int_agreed_stages') }}
),

moves as (
    select
        s.*,
        b.stage as from_stage,
        coalesce(a.stage_position - b.stage_position, 0) as steps
    from states as s
    left join agreed_stages as b on s.state_rank_before = b.stage_rank
    left join agreed_stages as a on s.state_rank = a.stage_rank
),

transitions as (
    select
        *,
        case
            when exit = 'rejected' then 'reject'
            when exit = 'recycled' then 'recycle'
            when exit = 'disqualified' then 'disqualify'
            when exit = 'lost' then 'lose'
            when exit = 'churned' then 'churn'
            when is_win and entry_number = 1 then 'win'
            when state_rank_before is null then 'enter'
            when steps > 1 then 'skip'
            when steps = 1 then 'forward'
            when steps < 0 then 'back'
            -- A later first entry to a lower stage moves nobody.
            when entry_number = 1 then 'enter'
        end as kind
    from moves
)

select
    person_key,
    pass_number,
    cast(row_number() over (partition by person_key, pass_number order by signal_number) as integer)
        as transition_number,
    from_stage,
    coalesce(stage, exit) as to_stage,
    is_exit,
    kind,
    state_rank,
    signal_at as transition_at,
    signal_date as transition_date,
    precision,
    evidence,
    agreement_version,
    source,
    record_key,
    opportunity_key,
    change_key
from transitions
where kind is not null
