with persons as (
    select * from {{ ref('int_persons') }} where not is_placeholder
),

accounts as (
    select * from {{ ref('int_accounts') }}
),

-- Where no record says so, nobody knows whether it is a customer.
known_customers as (
    select distinct a.account_key
    from {{ ref('int_account_records') }} as r
    inner join {{ ref('int_accounts_resolved') }} as a on r.record_key = a.record_key
    where r.is_active_customer is not null
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

select
    p.person_key,
    f.known_since,
    p.title as person_title,
    p.country as person_country,
    p.persona as person_persona,
    p.lead_source as person_lead_source,
    p.campaign as person_campaign,
    a.industry as account_industry,
    a.country as account_country,
    cast(a.employees as varchar) as account_employees,
    cast(a.revenue as varchar) as account_revenue,
    case when k.account_key is not null then cast(a.is_active_customer as varchar) end
        as account_is_active_customer
from persons as p
left join first_moments as f on p.person_key = f.person_key
left join accounts as a on p.account_key = a.account_key
left join known_customers as k on p.account_key = k.account_key
