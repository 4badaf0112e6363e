{%- set periods = {
    'all': 'cast(null as date)', 'quarter': 'started_quarter', 'month': 'started_month'
} -%}

with criteria as (
    select * from {{ ref('int_criteria') }}
),

criteria_met as (
    select * from {{ ref('int_criteria_met') }}
),

lead_outcomes as (
    select * from {{ ref('int_lead_outcomes') }}
),

traits as (
    select * from {{ ref('int_person_traits') }}
),

settings as (
    select * from {{ ref('int_agreed_settings') }}
),

leads_by_month as (
    select
        outcome,
        cast({{ dbt.date_trunc('month', 'started_date') }} as date) as started_month,
        count(*) as n,
        sum(case when is_good then 1 else 0 end) as good
    from lead_outcomes
    group by 1, 2
),

-- An attribute that nobody filled in is neither true nor false.
unknown_traits as (
    select
        o.outcome,
        cast({{ dbt.date_trunc('month', 'o.started_date') }} as date) as started_month,
        {%- for _, column, _ in rule_traits() %}
        sum(case when t.{{ column }} is null then 1 else 0 end) as n_{{ column }},
        sum(case when t.{{ column }} is null and o.is_good then 1 else 0 end) as good_{{ column }},
        {%- endfor %}
        count(*) as n
    from lead_outcomes as o
    inner join traits as t on o.person_key = t.person_key
    group by 1, 2
),

unknown_by_field as (
    {%- for field, column, _ in rule_traits() %}
    select
        '{{ field }}' as field, outcome, started_month, n_{{ column }} as n_unknown,
        good_{{ column }} as good_unknown
    from unknown_traits
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
),

unknown_by_month as (
    select c.criterion_number, u.outcome, u.started_month, u.n_unknown, u.good_unknown
    from unknown_by_field as u
    inner join criteria as c on u.field = c.field
),

-- What was met only after the outcome did not foretell it.
met_by_month as (
    select
        m.criterion_number,
        o.outcome,
        cast({{ dbt.date_trunc('month', 'o.started_date') }} as date) as started_month,
        count(*) as n_true,
        sum(case when o.is_good then 1 else 0 end) as good_true
    from criteria_met as m
    inner join lead_outcomes as o on m.person_key = o.person_key
    where m.is_attribute or coalesce(m.met_date <= o.good_date, true)
    group by 1, 2, 3
),

-- Per month and criterion: all leads, those of whom it is true, those of whom nobody knows.
by_month as (
    select
        c.criterion_number, l.outcome, l.started_month, l.n, l.good, 0 as n_true, 0 as good_true,
        0 as n_unknown, 0 as good_unknown
    from leads_by_month as l
    cross join criteria as c
    union all
    select criterion_number, outcome, started_month, 0, 0, n_true, good_true, 0, 0
    from met_by_month
    union all
    select criterion_number, outcome, started_month, 0, 0, 0, 0, n_unknown, good_unknown
    from unknown_by_month
),

dated as (
    select
        m.*,
        {{ fiscal_period_start('m.started_month', 'quarter', 't.fiscal_year_start_month') }}
            as started_quarter
    from by_month as m
    cross join settings as t
),

summed as (
    {%- for period_type, period_start in periods.items() %}
    select
        criterion_number,
        outcome,
        '{{ period_type }}' as period_type,
        {{ period_start }} as period_start,
        cast(sum(n_true) as bigint) as n_true,
        cast(sum(good_true) as bigint) as good_true,
        cast(sum(n - n_true - n_unknown) as bigint) as n_false,
        cast(sum(good - good_true - good_unknown) as bigint) as good_false,
        cast(sum(n_unknown) as bigint) as n_unknown
    from dated
    {%- if period_type != 'all' %}
    where started_month is not null
    {%- endif %}
    group by 1, 2, 3, 4
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
),

rated as (
    select
        *,
        cast(good_true as double) / nullif(n_true, 0) as rate_true,
        cast(good_false as double) / nullif(n_false, 0) as rate_false,
        cast(good_true + good_false as double) / nullif(n_true + n_false, 0) as rate_overall,
        cast(n_true as double) / nullif(n_true + n_false, 0) as share_true,
        {{ risk_ratio_bound('good_true', 'n_true', 'good_false', 'n_false', 'lower') }} as ratio_lower,
        {{ risk_ratio_bound('good_true', 'n_true', 'good_false', 'n_false', 'upper') }} as ratio_upper
    from summed
)

select
    c.definition,
    c.kind,
    cast(c.rule_number as integer) as rule_number,
    c.criterion,
    c.description,
    r.outcome,
    r.period_type,
    r.period_start,
    r.n_true,
    r.good_true,
    r.n_false,
    r.good_false,
    r.n_unknown,
    r.rate_true,
    {{ wilson_bound('r.good_true', 'r.n_true', 'lower') }} as rate_true_lower,
    {{ wilson_bound('r.good_true', 'r.n_true', 'upper') }} as rate_true_upper,
    r.rate_false,
    {{ wilson_bound('r.good_false', 'r.n_false', 'lower') }} as rate_false_lower,
    {{ wilson_bound('r.good_false', 'r.n_false', 'upper') }} as rate_false_upper,
    r.rate_overall,
    r.rate_true / nullif(r.rate_overall, 0) as lift,
    -- The ratio true ÷ false carried over: true ÷ overall grows with it, at a given share of true ones.
    r.ratio_lower / (r.share_true * r.ratio_lower + 1 - r.share_true) as lift_lower,
    r.ratio_upper / (r.share_true * r.ratio_upper + 1 - r.share_true) as lift_upper,
    r.n_true < t.minimum_sample_size or r.n_false < t.minimum_sample_size as is_small_sample
from rated as r
inner join criteria as c on r.criterion_number = c.criterion_number
cross join settings as t
