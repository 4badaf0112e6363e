with context as (
    select * from {{ source('ops', 'run_context') }}
),

-- Whoever looks at an earlier day does not know what was decided, or done, after it.
actions as (
    select
        a.* {{ exclude_columns(['state', 'done_on']) }},
        case when a.done_on > ctx.as_of_date then 'open' else a.state end as state,
        case when a.done_on <= ctx.as_of_date then a.done_on end as done_on,
        {{ to_utc(
            'cast(' ~ days_later('a.due_date', 1) ~ ' as timestamp)', 'ctx.reporting_time_zone'
        ) }} <= ctx.as_of as is_due
    from {{ source('review', 'actions') }} as a
    inner join context as ctx on a.decided_on <= ctx.as_of_date
),

periods as (
    select * from {{ ref('int_scorecard_periods') }}
),

-- As frozen, where a period has closed: what the review saw.
official as (
    select * from {{ ref('rpt_scorecards') }} where kind <> 'restated'
),

metrics as (
    select team, metric, max(label) as label, max(unit) as unit
    from official
    group by team, metric
),

base_periods as (
    select a.action, max(p.period_start) as period_start
    from actions as a
    inner join periods as p on a.period_type = p.period_type and a.decided_on >= p.closing_date
    group by a.action
),

-- What has ended since the decision; while nothing has, the period that runs.
candidates as (
    select
        a.action,
        p.period_start,
        p.has_ended and p.period_end > a.due_date as is_after_due,
        row_number() over (
            partition by a.action
            order by case when p.has_ended then 0 else 1 end, p.period_start desc
        ) as preference
    from actions as a
    inner join periods as p
        on
            a.period_type = p.period_type
            and a.decided_on < p.period_end
),

measured as (
    select
        a.*,
        m.label,
        m.unit,
        b.period_start as base_period_start,
        o.actual as base_value,
        c.period_start as latest_period_start,
        coalesce(c.is_after_due, false) as is_after_due,
        n.actual as latest_value,
        n.actual - o.actual as change
    from actions as a
    left join metrics as m on a.metric_team = m.team and a.metric = m.metric
    left join base_periods as b on a.action = b.action
    left join official as o
        on
            a.metric_team = o.team
            and a.metric = o.metric
            and a.period_type = o.period_type
            and b.period_start = o.period_start
    left join candidates as c on a.action = c.action and c.preference = 1
    left join official as n
        on
            a.metric_team = n.team
            and a.metric = n.metric
            and a.period_type = n.period_type
            and c.period_start = n.period_start
)

select
    action as action_key,
    decided_on,
    what,
    team,
    owner,
    due_date,
    state,
    done_on,
    state = 'open' and is_due as is_overdue,
    metric_team,
    metric,
    label as metric_label,
    unit,
    period_type,
    expectation,
    expected_value,
    base_period_start,
    base_value,
    latest_period_start,
    latest_value,
    change,
    is_after_due,
    -- Rounded: the last bits of doubles decide nothing.
    case
        when expectation = 'at_least' then round(latest_value, 6) >= round(expected_value, 6)
        when expectation = 'at_most' then round(latest_value, 6) <= round(expected_value, 6)
        when expected_value < 0 then round(change, 6) <= round(expected_value, 6)
        else round(change, 6) >= round(expected_value, 6)
    end as is_as_expected
from measured
