{#-
    Figures that every data set has, by the report that they are made of: metric, label, unit, whose
    scorecards they stand on, the figure, what is behind it. `r` is the report's row of the period, if it
    has one. ingestion/review lists the metrics too; a test compares the two.
-#}
{%- set reported = {
    'acceptance': [
        ('handoffs', 'Hand-offs', 'count', ['marketing', 'both'],
            'coalesce(r.handoffs, 0)', 'r.handoffs'),
        ('complete_share', 'Complete hand-offs', 'fraction', ['marketing', 'both'],
            'cast(r.complete as double) / nullif(r.handoffs - r.completeness_unknown, 0)',
            'r.handoffs - r.completeness_unknown'),
        ('acceptance', 'Accepted of the decided hand-offs', 'fraction', ['marketing', 'both'],
            'r.acceptance_rate', 'r.accepted + r.rejected + r.recycled + r.disqualified')
    ],
    'pipeline': [
        ('pipeline_created', 'Pipeline created', 'currency', ['both'],
            'case when coalesce(r.created, 0) = 0 then 0 else r.pipeline_created end', 'r.created'),
        ('pipeline_sourced:marketing', 'Pipeline that marketing sourced', 'currency', ['marketing'],
            'case
                when coalesce(r.created, 0) = 0 then 0
                when r.pipeline_created is not null then coalesce(r.sourced_by_marketing, 0)
            end',
            'r.created'),
        ('pipeline_sourced:sales', 'Pipeline that sales sourced', 'currency', ['sales'],
            'case
                when coalesce(r.created, 0) = 0 then 0
                when r.pipeline_created is not null then coalesce(r.sourced_by_sales, 0)
            end',
            'r.created'),
        ('pipeline_velocity', 'Pipeline velocity', 'currency_per_day', ['sales', 'both'],
            'r.pipeline_velocity', 'r.qualified'),
        ('gross_revenue_retention', 'Revenue retained, gross', 'fraction', ['both'],
            'r.gross_revenue_retention', 'r.renewals_won + r.renewals_lost')
    ],
    'win_loss': [
        ('won', 'Opportunities won', 'count', ['sales', 'both'], 'coalesce(r.won, 0)', 'r.won'),
        ('lost', 'Opportunities lost', 'count', ['sales', 'both'], 'coalesce(r.lost, 0)', 'r.lost'),
        ('win_rate', 'Win rate by count', 'fraction', ['sales', 'both'],
            'r.win_rate', 'r.won + r.lost'),
        ('win_rate_by_value', 'Win rate by value', 'fraction', ['sales', 'both'],
            'r.win_rate_by_value', 'r.won + r.lost'),
        ('won_value', 'Won value', 'currency', ['sales', 'both'],
            'case when coalesce(r.won, 0) = 0 then 0 else r.won_value end', 'r.won'),
        ('mean_won_value', 'Mean won value', 'currency', ['sales', 'both'],
            'r.mean_won_value', 'r.won')
    ]
} -%}
{#- A data set without the lost ones has not lost none. -#}
{%- set of_lost = ['lost', 'win_rate', 'win_rate_by_value', 'pipeline_velocity'] -%}

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

agreed_stages as (
    select * from {{ ref('int_agreed_stages') }}
),

stage_roles as (
    select r.*
    from {{ source('agreement', 'stage_roles') }} as r
    inner join versions as v on r.version = v.version and v.is_in_force
),

stage_targets as (
    select * from {{ ref('int_agreed_targets') }} where target_kind = 'stage'
),

context as (
    select * from {{ source('ops', 'run_context') }}
),

attainment as (
    select *
    from {{ ref('rpt_sla_attainment') }}
    where segment = 'all' and period_type <> 'all'
),

{%- for name, report in [
    ('acceptance', 'rpt_handoff_acceptance'), ('pipeline', 'rpt_pipeline'), ('win_loss', 'rpt_win_loss')
] %}
{{ name }} as (
    select *
    from {{ ref(report) }}
    where segment = 'all' and period_type <> 'all'
),
{% endfor %}
-- What entered each stage in the period, whatever cohort it is of: cohort conversion goes on changing
-- after the period has closed, and would restate every card.
conversions as (
    select period_type, period_start, from_stage, to_stage, entered, converted, conversion_rate
    from {{ ref('rpt_funnel_conversion') }}
    where
        segment = 'all'
        and period_type <> 'all'
        and method = 'in_period'
        and policy = 'implied'
        and unit = 'pass'
        and window_days is null
),

arrivals as (
    select * from {{ ref('rpt_velocity_by_arrival') }} where period_type <> 'all'
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
        p.label,
        case p.target_unit when 'count' then 'count' else 'fraction' end as unit,
        p.target_unit = 'minutes' as is_clock,
        s.period_type,
        s.period_start,
        case when p.target_unit = 'minutes' then p.attainment_target else p.target end as target,
        -- A volume or share may be promised in part.
        case when p.target_unit = 'minutes' then 1 else p.target end * p.attainment_target as enough,
        a.actual,
        a.attainment,
        a.n,
        a.met + a.late as done,
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

-- Neighbours, and the whole way from marketing's lead to the customer.
neighbours as (
    select
        a.stage as from_stage,
        a.label as from_label,
        b.stage as to_stage,
        b.label as to_label,
        b.team
    from agreed_stages as a
    inner join agreed_stages as b on a.stage_position + 1 = b.stage_position
),

key_pairs as (
    select * from neighbours
    union
    select
        a.stage as from_stage,
        a.label as from_label,
        b.stage as to_stage,
        b.label as to_label,
        b.team
    from agreed_stages as a
    inner join stage_roles as f on a.stage = f.stage and f.role = 'marketing_qualified'
    inner join agreed_stages as b on a.stage_rank < b.stage_rank
    inner join stage_roles as t on b.stage = t.stage and t.role = 'won'
),

neighbour_conversions as (
    select c.*
    from conversions as c
    inner join neighbours as n on c.from_stage = n.from_stage and c.to_stage = n.to_stage
),

-- The last stage is the earlier one of no pair.
stage_entries as (
    select from_stage as stage, period_type, period_start, entered as entries
    from neighbour_conversions
    union all
    select c.to_stage, c.period_type, c.period_start, c.converted
    from neighbour_conversions as c
    left join neighbours as n on c.to_stage = n.from_stage
    where n.from_stage is null
),

{%- for report in ['acceptance', 'pipeline', 'win_loss', 'conversions'] %}
first_{{ report }} as (
    select period_type, min(period_start) as first_start
    from {{ report }}
    group by period_type
),

{{ report }}_periods as (
    select d.period_type, d.period_start
    from periods as d
    inner join first_{{ report }} as f
        on d.period_type = f.period_type and d.period_start >= f.first_start
),
{% endfor %}
-- A period in which nothing happened has a row too: a later load may bring something.
measures as (
    {%- for report, figures in reported.items() %}
    {%- for metric, label, unit, _, actual, n in figures %}
    select
        '{{ metric }}' as metric,
        '{{ label }}' as label,
        '{{ unit }}' as unit,
        d.period_type,
        d.period_start,
        cast({{ actual }} as double) as actual,
        {{ n }} as n
    from {{ report }}_periods as d
    left join {{ report }} as r
        on d.period_type = r.period_type and d.period_start = r.period_start
    {%- if metric in of_lost %}
    inner join context as ctx on ctx.outcomes <> 'won_only'
    {%- endif %}
    union all
    {%- endfor %}
    {%- endfor %}
    select
        'stage:' || s.stage,
        'Entered: ' || s.label,
        'count',
        d.period_type,
        d.period_start,
        cast(coalesce(e.entries, 0) as double),
        e.entries
    from agreed_stages as s
    cross join conversions_periods as d
    left join stage_entries as e
        on s.stage = e.stage and d.period_type = e.period_type and d.period_start = e.period_start
    union all
    select
        'conversion:' || k.from_stage || ':' || k.to_stage,
        k.from_label || ' to ' || k.to_label,
        'fraction',
        d.period_type,
        d.period_start,
        c.conversion_rate,
        c.entered
    from key_pairs as k
    cross join conversions_periods as d
    left join conversions as c
        on
            k.from_stage = c.from_stage
            and k.to_stage = c.to_stage
            and d.period_type = c.period_type
            and d.period_start = c.period_start
    union all
    select
        'velocity:' || k.from_stage || ':' || k.to_stage,
        k.from_label || ' to ' || k.to_label || ', median days',
        'days',
        d.period_type,
        d.period_start,
        a.median_days,
        a.arrived
    from key_pairs as k
    cross join conversions_periods as d
    left join arrivals as a
        on
            k.from_stage = a.from_stage
            and k.to_stage = a.to_stage
            and d.period_type = a.period_type
            and d.period_start = a.period_start
),

-- A stage that a later version dropped counts as the one it moves to.
named_targets as (
    select
        t.version,
        t.team,
        case
            when t.metric = 'won_opportunities' then 'won'
            when s.stage is not null then 'stage:' || s.stage
            else t.metric
        end as metric,
        t.period,
        t.value
    from targets as t
    left join stage_targets as s on t.version = s.version and t.metric = 'stage:' || s.target
),

team_targets as (
    select version, team, metric, period, max(value) as value
    from named_targets
    group by version, team, metric, period
),

-- What both are to reach together is the most that one of them promised.
agreed as (
    select version, team, metric, period, value from team_targets
    union all
    select version, 'both', metric, period, max(value)
    from team_targets
    group by version, metric, period
),

-- Whose scorecard a figure stands on: always, and of whoever has a target for it.
scorecards as (
    {%- for figures in reported.values() %}
    {%- for metric, _, _, teams, _, _ in figures %}
    {%- for team in teams %}
    select '{{ metric }}' as metric, '{{ team }}' as team
    union
    {%- endfor %}
    {%- endfor %}
    {%- endfor %}
    select 'stage:' || stage, team from agreed_stages
    union
    select 'stage:' || stage, 'both' from agreed_stages
    {%- for figure in ['conversion', 'velocity'] %}
    {%- for team in ['team', "'both'"] %}
    union
    select '{{ figure }}:' || from_stage || ':' || to_stage, {{ team }} from key_pairs
    {%- endfor %}
    {%- endfor %}
    union
    select metric, team from agreed
),

measured as (
    select
        c.team,
        m.metric,
        m.label,
        m.unit,
        m.period_type,
        m.period_start,
        t.value as target,
        t.value as enough,
        m.actual,
        m.actual / nullif(t.value, 0) as attainment,
        m.n,
        cast(null as double) as mean_minutes,
        cast(null as double) as median_minutes,
        v.version as agreement_version
    from measures as m
    inner join scorecards as c on m.metric = c.metric
    inner join versions as v on m.period_start >= v.applies_from and m.period_start < v.applies_until
    left join agreed as t
        on
            v.version = t.version
            and c.team = t.team
            and m.metric = t.metric
            and m.period_type = t.period
),

figures as (
    select
        team, metric, label, unit, period_type, period_start, target, enough, actual, attainment, n,
        mean_minutes, median_minutes, agreement_version
    from sla_figures
    union all
    -- How long it took stands beside how often that was in time.
    select
        team, 'minutes:' || metric, label || ', median business minutes', 'minutes', period_type,
        period_start, cast(null as double), cast(null as double), median_minutes as actual,
        cast(null as double), done, mean_minutes, median_minutes, agreement_version
    from sla_figures
    where is_clock
    union all
    select * from measured
)

select
    f.team,
    f.metric,
    f.label,
    f.unit,
    f.period_type,
    f.period_start,
    d.previous_start,
    d.year_before_start,
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
