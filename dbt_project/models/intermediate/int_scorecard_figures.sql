-- Made of the reports and not of the facts anew: a figure is the same in both.
with periods as (
    select * from {{ ref('int_scorecard_periods') }}
),

versions as (
    select * from {{ ref('int_agreement_versions') }}
),

slas as (
    select * from {{ source('agreement', 'slas') }}
),

targets as (
    select * from {{ source('agreement', 'targets') }}
),

context as (
    select * from {{ source('ops', 'run_context') }}
),

attainment as (
    select *
    from {{ ref('rpt_sla_attainment') }}
    where segment = 'all' and period_type <> 'all'
),

win_loss as (
    select *
    from {{ ref('rpt_win_loss') }}
    where segment = 'all' and period_type <> 'all'
),

-- A changed target applies from the next period. In a version without the SLA that of the one before
-- goes on: its clocks may be due when the SLA is gone.
promised as (
    select
        s.*,
        v.applies_from,
        v.applies_until,
        case
            when row_number() over (partition by s.sla order by s.version) > 1 then v.applies_from
            else date '0001-01-01'
        end as promised_from,
        coalesce(
            lead(v.applies_from) over (partition by s.sla order by s.version), date '9999-12-31'
        ) as promised_until
    from slas as s
    inner join versions as v on s.version = v.version
),

first_promises as (
    select period_type, min(period_start) as first_start
    from attainment
    group by period_type
),

-- A period in which no clock was due has a row too: a later load may bring one.
sla_periods as (
    select p.team, p.sla, d.period_type, d.period_start
    from promised as p
    inner join periods as d
        on
            p.applies_from <= d.period_start
            and p.applies_until > d.period_start
            and (p.target_unit = 'minutes' or p.period = d.period_type)
    inner join first_promises as f
        on d.period_type = f.period_type and d.period_start >= f.first_start
    union
    select team, sla, period_type, period_start from attainment
),

sla_figures as (
    select
        s.team,
        s.sla as metric,
        s.period_type,
        s.period_start,
        case when p.target_unit = 'minutes' then p.attainment_target else p.target end as target,
        -- A volume or share may be promised in part.
        case when p.target_unit = 'minutes' then 1 else p.target end * p.attainment_target as enough,
        a.actual,
        a.attainment,
        a.n,
        a.mean_minutes,
        a.median_minutes,
        p.version as agreement_version
    from sla_periods as s
    inner join promised as p
        on
            s.sla = p.sla
            and s.period_start >= p.promised_from
            and s.period_start < p.promised_until
    left join attainment as a
        on
            s.team = a.team
            and s.sla = a.sla
            and s.period_type = a.period_type
            and s.period_start = a.period_start
),

first_closings as (
    select period_type, min(period_start) as first_start
    from win_loss
    group by period_type
),

closed_opportunities as (
    {%- for metric, target in [('won', 'won_opportunities'), ('lost', none)] %}
    select
        '{{ metric }}' as metric,
        cast({{ "'" ~ target ~ "'" if target else 'null' }} as varchar) as target_metric,
        d.period_type,
        d.period_start,
        coalesce(w.{{ metric }}, 0) as opportunities
    from periods as d
    inner join first_closings as f
        on d.period_type = f.period_type and d.period_start >= f.first_start
    left join win_loss as w on d.period_type = w.period_type and d.period_start = w.period_start
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
),

opportunity_figures as (
    select
        'sales' as team,
        o.metric,
        o.period_type,
        o.period_start,
        t.value as target,
        t.value as enough,
        cast(o.opportunities as double) as actual,
        o.opportunities / nullif(t.value, 0) as attainment,
        o.opportunities as n,
        cast(null as double) as mean_minutes,
        cast(null as double) as median_minutes,
        v.version as agreement_version
    from closed_opportunities as o
    cross join context as ctx
    inner join versions as v on o.period_start >= v.applies_from and o.period_start < v.applies_until
    left join targets as t
        on
            v.version = t.version
            and t.team = 'sales'
            and o.target_metric = t.metric
            and o.period_type = t.period
    -- A data set without the lost ones has not lost none.
    where o.metric <> 'lost' or ctx.outcomes <> 'won_only'
),

figures as (
    select * from sla_figures
    union all
    select * from opportunity_figures
)

select
    f.team,
    f.metric,
    f.period_type,
    f.period_start,
    d.previous_start,
    d.has_ended,
    d.is_closed,
    cast(f.target as double) as target,
    cast(f.actual as double) as actual,
    cast(f.attainment as double) as attainment,
    cast(coalesce(f.n, 0) as bigint) as n,
    f.mean_minutes,
    f.median_minutes,
    case
        when not d.has_ended then 'running'
        when f.actual >= f.enough then 'met'
        when f.actual < f.enough then 'missed'
    end as status,
    f.agreement_version
from figures as f
-- Clocks that are due in a period to come are in none that has begun.
inner join periods as d on f.period_type = d.period_type and f.period_start = d.period_start
