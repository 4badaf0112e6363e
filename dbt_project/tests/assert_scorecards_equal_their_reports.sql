{#-
    A figure is the same on a scorecard and in its report, and every figure is on a scorecard once: what froze
    may differ from what is known now, and only that.
-#}
{%- set columns = {
    'rpt_handoff_acceptance': {'handoffs': 'handoffs', 'acceptance': 'acceptance_rate'},
    'rpt_pipeline': {
        'pipeline_created': 'pipeline_created', 'pipeline_sourced:marketing': 'sourced_by_marketing',
        'pipeline_sourced:sales': 'sourced_by_sales', 'pipeline_velocity': 'pipeline_velocity',
        'gross_revenue_retention': 'gross_revenue_retention'
    },
    'rpt_win_loss': {
        'won': 'won', 'lost': 'lost', 'win_rate': 'win_rate', 'win_rate_by_value': 'win_rate_by_value',
        'won_value': 'won_value', 'mean_won_value': 'mean_won_value'
    }
} -%}

with figures as (
    select * from {{ ref('int_scorecard_figures') }}
),

periods as (
    select * from {{ ref('int_scorecard_periods') }}
),

conversions as (
    select *
    from {{ ref('rpt_funnel_conversion') }}
    where
        segment = 'all' and method = 'in_period' and policy = 'implied' and unit = 'pass'
        and period_type <> 'all'
),

earlier_stages as (
    select distinct from_stage from conversions
),

told as (
    {%- for report, metrics in columns.items() %}
    {%- for metric, column in metrics.items() %}
    select
        '{{ metric }}' as metric, r.period_type, r.period_start, cast(r.{{ column }} as double) as told
    from {{ ref(report) }} as r
    where r.segment = 'all' and r.period_type <> 'all'
    union all
    {%- endfor %}
    {%- endfor %}
    select sla, period_type, period_start, actual
    from {{ ref('rpt_sla_attainment') }}
    where segment = 'all' and period_type <> 'all'
    union all
    select 'stage:' || from_stage, period_type, period_start, max(entered)
    from conversions
    group by from_stage, period_type, period_start
    union all
    select 'stage:' || c.to_stage, c.period_type, c.period_start, max(c.converted)
    from conversions as c
    left join earlier_stages as e on c.to_stage = e.from_stage
    where e.from_stage is null
    group by c.to_stage, c.period_type, c.period_start
    union all
    select 'conversion:' || from_stage || ':' || to_stage, period_type, period_start, conversion_rate
    from conversions
    union all
    select 'velocity:' || from_stage || ':' || to_stage, period_type, period_start, median_days
    from {{ ref('rpt_velocity_by_arrival') }}
    where period_type <> 'all'
),

-- Pairs of stages that are no neighbours are on no scorecard, nor are lost ones where the data hold none.
measured as (
    select distinct metric from figures
),

cells as (
    select t.*
    from told as t
    inner join measured as m on t.metric = m.metric
    inner join periods as p on t.period_type = p.period_type and t.period_start = p.period_start
),

official as (
    select team, metric, period_type, period_start, max(kind) as kind, max(actual) as actual, count(*) as cards
    from {{ ref('rpt_scorecards') }}
    where kind in ('current', 'frozen')
    group by team, metric, period_type, period_start
)

select 'not as its report tells it' as what, f.team, f.metric, f.period_type, f.period_start
from figures as f
left join cells as c
    on f.metric = c.metric and f.period_type = c.period_type and f.period_start = c.period_start
where
    -- Shares of what a report counts, and the times of clocks, are in no column of their own.
    f.metric <> 'complete_share'
    and f.metric not like 'minutes:%'
    and (f.actual is distinct from c.told)
    -- Nothing happened: the report has no row, or sums nothing.
    and not (f.actual = 0 and c.told is null)
union all
select 'on no scorecard', cast(null as varchar), c.metric, c.period_type, c.period_start
from cells as c
left join figures as f
    on c.metric = f.metric and c.period_type = f.period_type and c.period_start = f.period_start
where f.metric is null
union all
select 'on its scorecard not once', f.team, f.metric, f.period_type, f.period_start
from figures as f
left join official as o
    on
        f.team = o.team
        and f.metric = o.metric
        and f.period_type = o.period_type
        and f.period_start = o.period_start
where coalesce(o.cards, 0) <> 1 or (o.kind = 'current' and (o.actual is distinct from f.actual))
