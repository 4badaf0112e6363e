with stage_signals as (
    select * from {{ ref('int_stage_signals') }}
),

opportunities as (
    select * from {{ ref('int_opportunities') }}
),

agreed_stages as (
    select * from {{ ref('int_agreed_stages') }}
),

-- A date-only signal follows the day's last timed signal of lower rank, else it opens the day.
placed as (
    select
        s.*,
        coalesce(s.stage_rank, 1000) as order_rank,
        case
            when s.precision <> 'day' then s.signal_at
            else coalesce(
                max(case when s.precision <> 'day' then s.signal_at end) over (
                    partition by s.person_key, s.signal_date
                    order by coalesce(s.stage_rank, 1000)
                    range between unbounded preceding and 1 preceding
                ),
                timestamp '0001-01-01 00:00:00'
            )
        end as order_at
    from stage_signals as s
),

numbered as (
    select
        p.*,
        coalesce(a.is_won_stage, false) as is_win,
        row_number() over (
            partition by p.person_key
            order by
                p.signal_date nulls last, p.order_at, p.chain_position, p.kind_rank, p.order_rank,
                p.source_rank, p.record_key, p.change_key
        ) as signal_number
    from placed as p
    left join agreed_stages as a on p.stage = a.stage
),

opportunity_starts as (
    select opportunity_key, min(signal_number) as first_number
    from numbered
    where opportunity_key is not null
    group by opportunity_key
),

won_so_far as (
    select
        n.*,
        o.created_date as opportunity_created_date,
        s.first_number is not null as is_first_of_opportunity,
        max(case when n.is_win then n.signal_date end) over before_it as last_win_date,
        coalesce(sum(case when n.is_exit then 1 else 0 end) over before_it, 0) as exits_before
    from numbered as n
    left join opportunities as o on n.opportunity_key = o.opportunity_key
    left join opportunity_starts as s
        on n.opportunity_key = s.opportunity_key and n.signal_number = s.first_number
    window before_it as (
        partition by n.person_key order by n.signal_number
        rows between unbounded preceding and 1 preceding
    )
),

-- What was opened before the win belongs to the won pass, whenever it is first heard of.
started as (
    select
        *,
        is_first_of_opportunity
        and coalesce(last_win_date is null or opportunity_created_date > last_win_date, true)
            as is_opportunity_start,
        max(stage_rank) over (
            partition by person_key, exits_before order by signal_number
            rows between unbounded preceding and 1 preceding
        ) as highest_rank_before
    from won_so_far
),

-- Whether the last thing that sales did before this signal was to win, and not to start anew.
followed as (
    select
        *,
        coalesce(
            max(case when is_win then signal_number end) over before_it
            >= coalesce(max(case when is_opportunity_start then signal_number end) over before_it, 0),
            false
        ) as is_after_win
    from started
    window before_it as (
        partition by person_key order by signal_number
        rows between unbounded preceding and 1 preceding
    )
),

-- A lost opportunity ends the pass only when no other one is open.
lost_too_early as (
    select distinct f.change_key
    from followed as f
    inner join opportunities as o
        on f.person_key = o.person_key and f.opportunity_key <> o.opportunity_key
    where
        f.exit = 'lost'
        and o.opportunity_type = 'new_business'
        -- Known to be open by then: not undated and closed, not closed earlier, not created later.
        and (o.created_date is null or f.signal_date is null or o.created_date <= f.signal_date)
        and (
            not o.is_closed
            or o.closed_date > f.signal_date
            or (o.closed_date = f.signal_date and o.closed_at > f.signal_at)
        )
),

-- A won pass is left by churn only; any pass only by a signal of the authority over its stage.
effective as (
    select f.*
    from followed as f
    left join lost_too_early as l on f.change_key = l.change_key
    left join agreed_stages as a on f.highest_rank_before = a.stage_rank
    where
        l.change_key is null
        and not (f.is_exit and f.is_after_win and f.exit <> 'churned')
        and not (f.is_exit and coalesce(a.authority <> f.source, false))
),

-- The next pass opens with the first dated entry after an exit, or with the first new-business
-- opportunity after a win.
marked as (
    select
        *,
        case
            when is_exit then 0
            when
                lag(is_exit) over (partition by person_key order by signal_number)
                and signal_date is not null
                and (opportunity_key is null or is_first_of_opportunity)
                then 1
            when is_opportunity_start and is_after_win then 1
            else 0
        end as opens_next_pass,
        sum(case when is_exit then 0 else 1 end) over (
            partition by person_key order by signal_number
            rows between unbounded preceding and current row
        ) as entries_so_far
    from effective
),

-- An exit before any entry ends nothing, and does not number the pass that follows it.
counted as (
    select
        *,
        1 + sum(case when entries_so_far > 1 then opens_next_pass else 0 end) over (
            partition by person_key order by signal_number
            rows between unbounded preceding and current row
        ) as pass_number
    from marked
    where entries_so_far > 0
),

-- An opportunity keeps its pass, even if a newer one has begun.
kept as (
    select
        *,
        case
            when opportunity_key is null then pass_number
            else first_value(pass_number) over (
                partition by person_key, opportunity_key order by signal_number
                rows between unbounded preceding and current row
            )
        end as kept_pass_number
    from counted
),

-- An exit that follows an exit of the same pass changes nothing.
ended as (
    select
        *,
        coalesce(
            lag(is_exit) over (partition by person_key, kept_pass_number order by signal_number),
            false
        ) as is_after_exit
    from kept
)

select
    person_key,
    cast(kept_pass_number as integer) as pass_number,
    signal_number,
    record_key,
    opportunity_key,
    source,
    field,
    value,
    signal_at,
    precision,
    signal_date,
    evidence,
    change_key,
    agreement_version,
    is_exit,
    exit,
    stage,
    stage_rank,
    is_step_back,
    is_win
from ended
where not (is_exit and is_after_exit)
