{#-
    Each segment's values, null included, sum to `all` in every period of every report; where what is
    counted has one period only, its months and quarters do too.
    A person enters a stage once a month, so that the months of persons and accounts are no parts.
-#}
{%- set reports = {
    'rpt_funnel_conversion': (
        ['method', 'policy', 'unit', 'from_stage', 'to_stage', 'window_days'],
        ['entered', 'converted', 'undated'],
        "method = 'in_period' and unit in ('pass', 'opportunity')"
    ),
    'rpt_funnel_velocity': (
        ['policy', 'unit', 'from_stage', 'to_stage'], ['completed', 'still_open'],
        "unit in ('pass', 'opportunity')"
    ),
    'rpt_win_loss': (
        [],
        ['opportunities', 'open', 'won', 'lost', 'created', 'reason_known', 'won_value', 'lost_value'],
        'true'
    ),
    'rpt_loss_reasons': (['dimension', 'value'], ['lost'], 'true'),
    'rpt_pipeline': (
        [],
        ['created', 'pipeline_created', 'pipeline_created_current', 'sourced_by_marketing',
            'sourced_by_sales', 'sourced_by_customer_success', 'influenced', 'pipeline_influenced',
            'open', 'open_pipeline', 'weighted_pipeline', 'omitted', 'omitted_pipeline', 'won',
            'won_value', 'qualified', 'renewals_won', 'renewals_lost', 'renewals_won_value',
            'renewals_lost_value', 'expansions_won_value'],
        'true'
    )
} -%}
{#- What has no date is in the period `all` only: there the periods may fall short, never exceed. -#}
{%- set all_dated = ['rpt_funnel_conversion', 'rpt_funnel_velocity'] -%}
with
{%- for report, (keys, measures, has_one_period) in reports.items() %}
{{ report }}_cells as (
    select
        {%- for key in keys %}
        coalesce(cast({{ key }} as varchar), '-') || '/' ||
        {%- endfor %}
        '' as cell,
        period_type, coalesce(cast(period_start as varchar), '-') as period_start, segment,
        {%- for measure in measures %}
        coalesce(cast({{ measure }} as decimal(18, 4)), 0) as {{ measure }},
        {%- endfor %}
        {{ has_one_period }} as has_one_period
    from {{ ref(report) }}
),

{{ report }}_parts as (
    select
        {%- for measure in measures %}
        sum({{ measure }}) as {{ measure }},
        {%- endfor %}
        cell, period_type, period_start, segment
    from {{ report }}_cells
    group by cell, period_type, period_start, segment
),

{{ report }}_segments as (
    select distinct segment from {{ report }}_cells where segment <> 'all'
),

{{ report }}_periods as (
    select
        {%- for measure in measures %}
        sum({{ measure }}) as {{ measure }},
        {%- endfor %}
        cell, period_type
    from {{ report }}_cells
    where segment = 'all' and period_type <> 'all' and has_one_period
    group by cell, period_type
),
{% endfor %}
differences as (
    {%- for report, (keys, measures, has_one_period) in reports.items() %}
    select
        '{{ report }} by segment' as what, t.cell, t.period_type, t.period_start, s.segment
    from {{ report }}_parts as t
    cross join {{ report }}_segments as s
    left join {{ report }}_parts as p
        on
            t.cell = p.cell
            and t.period_type = p.period_type
            and t.period_start = p.period_start
            and s.segment = p.segment
    where
        t.segment = 'all'
        and (
            p.cell is null
            {%- for measure in measures %}
            or p.{{ measure }} <> t.{{ measure }}
            {%- endfor %}
        )
    union all
    select '{{ report }} without total', p.cell, p.period_type, p.period_start, p.segment
    from {{ report }}_parts as p
    left join {{ report }}_parts as t
        on
            p.cell = t.cell
            and p.period_type = t.period_type
            and p.period_start = t.period_start
            and t.segment = 'all'
    where t.cell is null
    union all
    select '{{ report }} by period', t.cell, p.period_type, '-', 'all'
    from {{ report }}_parts as t
    inner join {{ report }}_periods as p on t.cell = p.cell
    where
        t.period_type = 'all'
        and t.segment = 'all'
        and (
            {%- for measure in measures %}
            p.{{ measure }} {{ '<>' if report in all_dated else '>' }} t.{{ measure }}
            {{- ' or' if not loop.last }}
            {%- endfor %}
        )
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
)

select * from differences
