{%- set outcomes = [
    'won', 'lost', 'rejected', 'recycled', 'disqualified', 'churned', 'expired', 'deleted', 'open'
] -%}

with person_fits as (
    select * from {{ ref('int_person_fits') }}
),

account_fits as (
    select * from {{ ref('int_account_fits') }}
),

journeys as (
    select * from {{ ref('int_journeys') }} where journey_type = 'pass'
),

customers as (
    select * from {{ ref('int_customers') }}
),

grades as (
    select * from {{ ref('int_customer_grades') }}
),

settings as (
    select * from {{ ref('int_agreed_settings') }}
),

context as (
    select * from {{ source('ops', 'run_context') }}
),

places as (
    select 'in' as place
    union all
    select 'out'
),

defined as (
    select
        {%- for profile in profiles() %}
        max(case when t.profile = '{{ profile }}' then 1 else 0 end) as has_{{ profile }}{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ ref('int_agreement_versions') }} as v
    left join {{ source('agreement', 'profile_traits') }} as t on v.version = t.version
    where v.is_in_force
),

-- All in and out are there, with nobody in them too.
cells as (
    select distinct
        {%- for profile in profiles() %}
        case when d.has_{{ profile }} = 1 then {{ profile }}.place end as {{ profile }}_profile{{ ',' if not loop.last }}
        {%- endfor %}
    from defined as d
    {%- for profile in profiles() %}
    cross join places as {{ profile }}
    {%- endfor %}
    where d.has_marketing + d.has_sales + d.has_agreed > 0
),

-- A pass counts in its person's cell; where nobody is known, in its account's.
passes as (
    select
        p.outcome,
        {%- for profile in profiles() %}
        coalesce(f.{{ profile }}_profile, a.{{ profile }}_profile) as {{ profile }}_profile{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ ref('int_passes') }} as p
    inner join journeys as j on p.pass_key = j.journey_key
    left join person_fits as f on p.person_key = f.person_key
    left join account_fits as a on j.account_key = a.account_key
),

-- So does a customer: in the cell of whom was won first.
graded as (
    select
        c.won_value,
        c.retained_months,
        g.grade,
        {%- for profile in profiles() %}
        coalesce(f.{{ profile }}_profile, a.{{ profile }}_profile) as {{ profile }}_profile{{ ',' if not loop.last }}
        {%- endfor %}
    from customers as c
    inner join grades as g on c.customer_key = g.customer_key
    left join person_fits as f on c.person_key = f.person_key
    left join account_fits as a on c.account_key = a.account_key
),

counted as (
    {%- set columns -%}
    {%- for profile in profiles() %}
        {{ profile }}_profile,
    {%- endfor %}
    {%- endset %}
    select {{ columns }} 0 as people, 0 as accounts, 0 as passes,
        {%- for outcome in outcomes %} 0 as {{ outcome }},{% endfor %}
        0 as customers, cast(null as decimal(18, 4)) as won_value, 0 as good, 0 as bad, 0 as too_early,
        cast(null as integer) as retained_months
    from cells
    union all
    select {{ columns }} 1, 0, 0, {% for outcome in outcomes %}0, {% endfor %}0, null, 0, 0, 0, null
    from person_fits
    union all
    select {{ columns }} 0, 1, 0, {% for outcome in outcomes %}0, {% endfor %}0, null, 0, 0, 0, null
    from account_fits
    union all
    select {{ columns }} 0, 0, 1,
        {%- for outcome in outcomes %} case when outcome = '{{ outcome }}' then 1 else 0 end,{% endfor %}
        0, null, 0, 0, 0, null
    from passes
    union all
    select {{ columns }} 0, 0, 0, {% for outcome in outcomes %}0, {% endfor %}
        1, cast(won_value as decimal(18, 4)),
        {%- for grade in ['good', 'bad', 'too_early'] %}
        case when grade = '{{ grade }}' then 1 else 0 end,
        {%- endfor %}
        retained_months
    from graded
),

summed as (
    select
        {%- for profile in profiles() %}
        {{ profile }}_profile,
        {%- endfor %}
        {%- for measure in ['people', 'accounts', 'passes'] + outcomes + ['customers', 'good', 'bad', 'too_early'] %}
        sum({{ measure }}) as {{ measure }},
        {%- endfor %}
        sum(won_value) as won_value,
        avg(retained_months) as mean_retained_months
    from counted
    group by {% for profile in profiles() %}{{ profile }}_profile{{ ', ' if not loop.last }}{% endfor %}
)

select
    {%- for profile in profiles() %}
    s.{{ profile }}_profile,
    {%- endfor %}
    {%- for measure in ['people', 'accounts', 'passes'] + outcomes %}
    cast(s.{{ measure }} as bigint) as {{ measure }},
    {%- endfor %}
    case
        when ctx.outcomes <> 'won_only'
            then cast(s.won + s.churned as double) / nullif(s.won + s.churned + s.lost, 0)
    end as win_rate,
    cast(s.won + s.churned as double) / nullif(s.passes, 0) as won_share,
    cast(s.customers as bigint) as customers,
    cast(s.good as bigint) as good_customers,
    cast(s.bad as bigint) as bad_customers,
    cast(s.too_early as bigint) as too_early,
    cast(s.won_value as double) as won_value,
    s.mean_retained_months,
    s.passes < t.minimum_sample_size as is_small_sample
from summed as s
cross join settings as t
cross join context as ctx
