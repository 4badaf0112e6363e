with customers as (
    select * from {{ ref('int_customers') }}
),

grades as (
    select * from {{ ref('int_customer_grades') }}
),

persons as (
    select * from {{ ref('int_person_traits') }}
),

accounts as (
    select * from {{ ref('int_accounts') }}
),

person_fits as (
    select * from {{ ref('int_person_fits') }}
),

account_fits as (
    select * from {{ ref('int_account_fits') }}
),

-- Good before neither before bad; then by what they bring and how long.
ranked as (
    select
        c.*,
        g.is_good,
        g.is_bad,
        g.grade,
        row_number() over (
            order by
                case g.grade when 'good' then 1 when 'neither' then 2 when 'bad' then 3 else 4 end asc,
                c.won_value * coalesce(c.margin, 1) desc nulls last,
                c.retained_months desc nulls last,
                c.customer_key asc
        ) as best_rank,
        row_number() over (
            order by
                case g.grade when 'bad' then 1 when 'neither' then 2 when 'good' then 3 else 4 end asc,
                c.won_value * coalesce(c.margin, 1) asc nulls last,
                c.retained_months asc nulls last,
                c.customer_key asc
        ) as worst_rank
    from customers as c
    inner join grades as g on c.customer_key = g.customer_key
)

select
    {%- for profile in profiles() %}
    coalesce(f.{{ profile }}_profile, g.{{ profile }}_profile) as {{ profile }}_profile,
    coalesce(f.{{ profile }}_fit, g.{{ profile }}_fit) as {{ profile }}_fit,
    {%- endfor %}
    r.customer_key,
    r.account_key,
    r.person_key,
    r.since_date,
    r.until_date,
    r.is_customer,
    r.retained_months,
    r.won_value,
    r.margin,
    cast(r.renewals_won as integer) as renewals_won,
    r.is_good,
    r.is_bad,
    r.grade,
    cast(case when r.grade in ('good', 'bad', 'neither') then r.best_rank end as integer) as best_rank,
    cast(case when r.grade in ('good', 'bad', 'neither') then r.worst_rank end as integer)
        as worst_rank,
    a.industry as account_industry,
    a.account_type,
    a.country as account_country,
    a.employees as account_employees,
    a.revenue as account_revenue,
    p.person_persona,
    p.person_country,
    p.person_lead_source,
    p.person_campaign
from ranked as r
left join accounts as a on r.account_key = a.account_key
left join persons as p on r.person_key = p.person_key
left join person_fits as f on r.person_key = f.person_key
left join account_fits as g on r.account_key = g.account_key
