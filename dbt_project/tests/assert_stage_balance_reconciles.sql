-- Day by day: the first day opens with nobody, each other one as the day before closed, and
-- opening + in - out = closing. At as_of: what is dated, with what is undated put right, is what
-- fct_passes says; where no transition of any pass lacks its date, nothing is put right.
with balances as (
    select
        balance_date, stage, opening, moved_in, moved_out, closing, undated, undated_out,
        lag(closing) over (partition by stage order by balance_date) as closing_before,
        lead(balance_date) over (partition by stage order by balance_date) is null as is_last
    from {{ ref('rpt_stage_balance') }}
),

standing as (
    select current_stage as stage, count(*) as passes
    from {{ ref('fct_passes') }}
    where outcome in ('open', 'won')
    group by current_stage
),

undated_passes as (
    select count(distinct pass_key) as passes
    from {{ ref('fct_stage_transitions') }}
    where transition_at is null
)

select b.*, coalesce(s.passes, 0) as standing
from balances as b
cross join undated_passes as u
left join standing as s on b.stage = s.stage
where
    b.opening + b.moved_in - b.moved_out <> b.closing
    or b.opening <> coalesce(b.closing_before, 0)
    or b.closing < 0
    or (
        b.is_last
        and (
            b.closing - b.undated_out + b.undated <> coalesce(s.passes, 0)
            or b.undated > u.passes
            or b.undated_out > u.passes
        )
    )
