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

passes as (
    select * from {{ ref('int_passes') }}
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
        max(case when t.profile = '{{ profile }}' then 1 else 0 end) as has_{{ profile }},
        {%- endfor %}
        count(*) as trait_rows
    from {{ ref('int_agreed_profile_traits') }} as t
),

-- One row per thing that counts in a cell, whatever it is.
counted as (
    -- All in and out are there, with nobody in them too.
    select distinct
        'cell' as thing,
        cast(null as varchar) as outcome,
        {%- for profile in profiles() %}
        case when d.has_{{ profile }} = 1 then {{ profile }}.place end as {{ profile }}_profile,
        {%- endfor %}
        cast(null as decimal(18, 4)) as won_value,
        cast(null as integer) as retained_months
    from defined as d
    cross join places as marketing
    cross join places as sales
    cross join places as agreed
    where d.trait_rows > 0
    union all
    select
        'person',
        null,
        {%- for profile in profiles() %}
        {{ profile }}_profile,
        {%- endfor %}
        null,
        null
    from person_fits
    union all
    select
        'account',
        null,
        {%- for profile in profiles() %}
        {{ profile }}_profile,
        {%- endfor %}
        null,
        null
    from account_fits
    union all
    -- A pass counts in its person's cell; where nobody is known, in its account's.
    select
        'pass',
        p.outcome,
        {%- for profile in profiles() %}
        coalesce(f.{{ profile }}_profile, a.{{ profile }}_profile),
        {%- endfor %}
        null,
        null
    from passes as p
    inner join journeys as j on p.pass_key = j.journey_key
    left join person_fits as f on p.person_key = f.person_key
    left join account_fits as a on j.account_key = a.account_key
    union all
    -- So does a customer: in the cell of whom was won first.
    select
        'customer',
        g.grade,
        {%- for profile in profiles() %}
        coalesce(f.{{ profile }}_profile, a.{{ profile }}_profile),
        {%- endfor %}
        cast(c.won_value as decimal(18, 4)),
        c.retained_months
    from customers as c
    inner join grades as g on c.customer_key = g.customer_key
    left join person_fits as f on c.person_key = f.person_key
    left join account_fits as a on c.account_key = a.account_key
),

summed as (
    select
        {%- for profile in profiles() %}
        {{ profile }}_profile,
        {%- endfor %}
        {%- for thing in ['person', 'account', 'pass', 'customer'] %}
        count(case when thing = '{{ thing }}' then 1 end) as {{ thing }}_count,
        {%- endfor %}
        {%- for outcome in outcomes %}
        count(case when thing = 'pass' and outcome = '{{ outcome }}' then 1 end) as {{ outcome }},
        {%- endfor %}
        {%- for grade in ['good', 'bad', 'too_early'] %}
        count(case when thing = 'customer' and outcome = '{{ grade }}' then 1 end) as {{ grade }},
        {%- endfor %}
        sum(won_value) as won_value,
        avg(retained_months) as mean_retained_months
    from counted
    group by {{ profiles() | join('_profile, ') }}_profile
)

select
    {%- for profile in profiles() %}
    s.{{ profile }}_profile,
    {%- endfor %}
    cast(s.person_count as bigint) as people,
    cast(s.account_count as bigint) as accounts,
    cast(s.pass_count as bigint) as passes,
    {%- for outcome in outcomes %}
    cast(s.{{ outcome }} as bigint) as {{ outcome }},
    {%- endfor %}
    case
        when ctx.outcomes <> 'won_only'
            then cast(s.won + s.churned as double) / nullif(s.won + s.churned + s.lost, 0)
    end as win_rate,
    cast(s.won + s.churned as double) / nullif(s.pass_count, 0) as won_share,
    cast(s.customer_count as bigint) as customers,
    cast(s.good as bigint) as good_customers,
    cast(s.bad as bigint) as bad_customers,
    cast(s.too_early as bigint) as too_early,
    cast(s.won_value as double) as won_value,
    s.mean_retained_months,
    s.pass_count < t.minimum_sample_size as is_small_sample
from summed as s
cross join settings as t
cross join context as ctx
