with persons as (
    select * from {{ ref('int_persons') }} where not is_placeholder
),

account_traits as (
    select * from {{ ref('int_account_traits') }}
),

person_records as (
    select r.*, p.person_key
    from {{ ref('int_person_records') }} as r
    inner join {{ ref('int_persons_resolved') }} as p on r.record_key = p.record_key
),

context as (
    select * from {{ source('ops', 'run_context') }}
),

first_moments as (
    select
        r.person_key,
        min({{ moment('r.created_at', 'r.created_at_precision', 'ctx.reporting_time_zone') }})
            as known_since
    from person_records as r
    cross join context as ctx
    where r.created_at is not null
    group by r.person_key
)

-- Of a company that has no account yet, what its people told.
select
    p.person_key,
    f.known_since,
    p.title as person_title,
    p.country as person_country,
    p.persona as person_persona,
    p.lead_source as person_lead_source,
    p.campaign as person_campaign,
    coalesce(a.account_industry, p.industry) as account_industry,
    a.account_account_type,
    a.account_country,
    coalesce(a.account_employees, cast(p.employees as varchar)) as account_employees,
    coalesce(a.account_revenue, cast(p.revenue as varchar)) as account_revenue,
    a.account_is_active_customer
from persons as p
left join first_moments as f on p.person_key = f.person_key
left join account_traits as a on p.account_key = a.account_key
