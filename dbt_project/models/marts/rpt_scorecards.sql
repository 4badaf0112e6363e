with figures as (
    select * from {{ ref('int_scorecard_figures') }}
),

context as (
    select * from {{ source('ops', 'run_context') }}
),

-- Whoever looks at an earlier day does not know what was frozen after it.
frozen as (
    select z.*
    from {{ source('closings', 'scorecards') }} as z
    inner join context as ctx on z.frozen_at <= ctx.as_of
),

-- What has closed and has not landed yet is frozen by this run, if it publishes.
unfrozen as (
    select
        f.*,
        case when f.is_closed then 'frozen' else 'current' end as kind,
        case when f.is_closed then ctx.as_of end as frozen_at
    from figures as f
    cross join context as ctx
    left join frozen as z
        on
            f.team = z.team
            and f.metric = z.metric
            and f.period_type = z.period_type
            and f.period_start = z.period_start
    where z.metric is null
),

official as (
    select team, metric, period_type, period_start, actual from frozen
    union all
    select team, metric, period_type, period_start, actual from unfrozen
),

-- Late data may leave nothing of a figure.
known_now as (
    select
        z.team,
        z.metric,
        z.period_type,
        z.period_start,
        case when f.metric is null then z.target else f.target end as target,
        f.actual,
        f.attainment,
        coalesce(f.n, 0) as n,
        f.mean_minutes,
        f.median_minutes,
        f.status,
        p.actual as previous_actual,
        y.actual as year_before_actual,
        coalesce(f.label, z.label) as label,
        coalesce(f.unit, z.unit) as unit,
        coalesce(f.agreement_version, z.agreement_version) as agreement_version
    from frozen as z
    left join figures as f
        on
            z.team = f.team
            and z.metric = f.metric
            and z.period_type = f.period_type
            and z.period_start = f.period_start
    left join figures as p
        on
            f.team = p.team
            and f.metric = p.metric
            and f.period_type = p.period_type
            and f.previous_start = p.period_start
    left join figures as y
        on
            f.team = y.team
            and f.metric = y.metric
            and f.period_type = y.period_type
            and f.year_before_start = y.period_start
),

measured as (
    select distinct team, metric from figures
),

-- The trend is left out: it differs where the period before does. So are the last bits of doubles,
-- quarters of a fiscal year that no longer begins when it did, and figures of stages that the agreement
-- no longer has: nothing is known of these.
restated as (
    select k.*
    from known_now as k
    inner join frozen as z
        on
            k.team = z.team
            and k.metric = z.metric
            and k.period_type = z.period_type
            and k.period_start = z.period_start
    left join measured as m on k.team = m.team and k.metric = m.metric
    where
        (m.metric is not null or k.metric not like '%:%')
        and (k.period_type <> 'quarter' or k.period_start = {{ period_start('k.period_start', 'quarter') }})
        and (
            k.n <> z.n
            or k.status is distinct from z.status
            or round(k.target, 6) is distinct from round(z.target, 6)
            or round(k.actual, 6) is distinct from round(z.actual, 6)
            or round(k.attainment, 6) is distinct from round(z.attainment, 6)
            or round(k.mean_minutes, 6) is distinct from round(z.mean_minutes, 6)
            or round(k.median_minutes, 6) is distinct from round(z.median_minutes, 6)
        )
)

select
    u.team,
    u.metric,
    u.label,
    u.unit,
    u.period_type,
    u.period_start,
    u.kind,
    u.target,
    u.actual,
    u.attainment,
    u.n,
    u.mean_minutes,
    u.median_minutes,
    u.status,
    p.actual as previous_actual,
    u.actual - p.actual as change,
    y.actual as year_before_actual,
    u.actual - y.actual as year_change,
    u.frozen_at,
    u.agreement_version
from unfrozen as u
left join official as p
    on
        u.team = p.team
        and u.metric = p.metric
        and u.period_type = p.period_type
        and u.previous_start = p.period_start
left join official as y
    on
        u.team = y.team
        and u.metric = y.metric
        and u.period_type = y.period_type
        and u.year_before_start = y.period_start
union all
-- What froze before a column was there is shown without it, but for what it is called.
select
    z.team,
    z.metric,
    coalesce(z.label, k.label),
    coalesce(z.unit, k.unit),
    z.period_type,
    z.period_start,
    'frozen',
    z.target,
    z.actual,
    z.attainment,
    z.n,
    z.mean_minutes,
    z.median_minutes,
    z.status,
    z.previous_actual,
    z.change,
    z.year_before_actual,
    z.year_change,
    z.frozen_at,
    z.agreement_version
from frozen as z
inner join known_now as k
    on
        z.team = k.team
        and z.metric = k.metric
        and z.period_type = k.period_type
        and z.period_start = k.period_start
union all
select
    team,
    metric,
    label,
    unit,
    period_type,
    period_start,
    'restated',
    target,
    actual,
    attainment,
    n,
    mean_minutes,
    median_minutes,
    status,
    previous_actual,
    actual - previous_actual,
    year_before_actual,
    actual - year_before_actual,
    cast(null as timestamp),
    agreement_version
from restated
