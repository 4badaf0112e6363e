{%- set definitions = ['agreed', 'marketing', 'sales'] -%}
{%- set outcome_names = [
    'won', 'rejected', 'recycled', 'disqualified', 'lost', 'churned', 'expired', 'deleted', 'open',
    'won_before', 'no_pass'
] -%}
{%- set outcome_measures = ['qualified', 'undated', 'only_here', 'accepted', 'reached_opportunity']
    + ['also_agreed', 'also_marketing', 'also_sales'] + outcome_names -%}
{%- set rule_measures = ['ruled_out_disqualified', 'ruled_out_discarded'] -%}

{%- set periods = {
    'all': 'cast(null as date)', 'quarter': 'qualified_quarter', 'month': 'qualified_month'
} -%}

with qualifications as (
    select * from {{ ref('int_qualifications') }}
),

outcomes as (
    select * from {{ ref('int_qualification_outcomes') }}
),

criteria as (
    select * from {{ ref('int_criteria') }} where kind = 'qualifies'
),

settings as (
    select * from {{ ref('int_agreed_settings') }}
),

ranks as (
    select
        max(case when r.role = 'accepted' then s.stage_rank end) as accepted_rank,
        max(case when r.role = 'opportunity' then s.stage_rank end) as opportunity_rank,
        max(case when r.role = 'won' then s.stage_rank end) as won_rank
    from {{ source('agreement', 'stage_roles') }} as r
    inner join {{ ref('int_agreement_versions') }} as v on r.version = v.version and v.is_in_force
    inner join {{ ref('int_agreed_stages') }} as s on r.stage = s.stage
),

defined as (
    select
        {%- for definition in definitions %}
        count(case when definition = '{{ definition }}' then 1 end) > 0 as has_{{ definition }},
        {%- endfor %}
        count(*) as rule_count
    from criteria
),

memberships as (
    select
        {%- for definition in definitions %}
        max(case when definition = '{{ definition }}' then 1 else 0 end) as also_{{ definition }},
        {%- endfor %}
        case when count(*) = 1 then 1 else 0 end as only_here,
        person_key
    from outcomes
    group by person_key
),

outcomes_by_month as (
    select
        {%- for outcome in outcome_names %}
        sum(case when o.outcome = '{{ outcome }}' then 1 else 0 end) as {{ outcome }},
        {%- endfor %}
        {%- for definition in definitions %}
        sum(v.also_{{ definition }}) as also_{{ definition }},
        {%- endfor %}
        sum(v.only_here) as only_here,
        sum(case when o.furthest_rank >= r.accepted_rank then 1 else 0 end) as accepted,
        sum(case when o.furthest_rank >= r.opportunity_rank then 1 else 0 end)
            as reached_opportunity,
        count(*) as qualified,
        sum(case when o.qualified_date is null then 1 else 0 end) as undated,
        o.definition,
        cast({{ dbt.date_trunc('month', 'o.qualified_date') }} as date) as qualified_month
    from outcomes as o
    cross join ranks as r
    inner join memberships as v on o.person_key = v.person_key
    group by o.definition, qualified_month
),

ruled_out_by_month as (
    select
        definition,
        cast({{ dbt.date_trunc('month', 'qualified_date') }} as date) as qualified_month,
        sum(case when is_disqualified then 1 else 0 end) as ruled_out_disqualified,
        sum(case when is_discarded then 1 else 0 end) as ruled_out_discarded
    from qualifications
    where not is_qualified
    group by definition, qualified_month
),

by_month as (
    select
        {%- for measure in outcome_measures %}
        {{ measure }},
        {%- endfor %}
        {%- for measure in rule_measures %}
        0 as {{ measure }},
        {%- endfor %}
        definition,
        qualified_month
    from outcomes_by_month
    union all
    select
        {%- for measure in outcome_measures %}
        0,
        {%- endfor %}
        {%- for measure in rule_measures %}
        {{ measure }},
        {%- endfor %}
        definition,
        qualified_month
    from ruled_out_by_month
),

dated as (
    select
        m.*,
        {{ fiscal_period_start('m.qualified_month', 'quarter', 't.fiscal_year_start_month') }}
            as qualified_quarter
    from by_month as m
    cross join settings as t
),

summed as (
    {%- for period_type, period_start in periods.items() %}
    select
        {%- for measure in outcome_measures + rule_measures %}
        cast(sum({{ measure }}) as bigint) as {{ measure }},
        {%- endfor %}
        definition,
        '{{ period_type }}' as period_type,
        {{ period_start }} as period_start
    from dated
    {%- if period_type != 'all' %}
    where qualified_month is not null
    {%- endif %}
    group by definition{{ ', ' ~ period_start if period_type != 'all' }}
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
)

select
    s.definition,
    s.period_type,
    s.period_start,
    s.qualified,
    s.undated,
    {%- for definition in definitions %}
    case when d.has_{{ definition }} then s.also_{{ definition }} end as also_{{ definition }},
    {%- endfor %}
    s.only_here,
    case when r.accepted_rank is not null then s.accepted end as accepted,
    case when r.opportunity_rank is not null then s.reached_opportunity end as reached_opportunity,
    case when r.won_rank is not null then s.won end as won,
    s.rejected,
    s.recycled,
    s.disqualified,
    s.lost,
    s.churned,
    s.expired,
    s.deleted,
    s.open,
    s.won_before,
    s.no_pass,
    s.ruled_out_disqualified,
    s.ruled_out_discarded,
    case when r.accepted_rank is not null then cast(s.accepted as double) / nullif(s.qualified, 0) end
        as acceptance_rate,
    case
        when r.opportunity_rank is not null
            then cast(s.reached_opportunity as double) / nullif(s.qualified, 0)
    end as opportunity_rate,
    case when r.won_rank is not null then cast(s.won as double) / nullif(s.qualified, 0) end
        as won_rate,
    s.qualified < t.minimum_sample_size as is_small_sample
from summed as s
cross join settings as t
cross join ranks as r
cross join defined as d
