with accounts as (
    select * from {{ ref('int_accounts') }}
),

known_customers as (
    select distinct a.account_key
    from {{ ref('int_account_records') }} as r
    inner join {{ ref('int_accounts_resolved') }} as a on r.record_key = a.record_key
    where r.is_active_customer is not null
)

select
    a.account_key,
    a.industry as account_industry,
    a.account_type as account_account_type,
    a.country as account_country,
    cast(a.employees as varchar) as account_employees,
    cast(a.revenue as varchar) as account_revenue,
    -- Where no record says so, nobody knows whether it is a customer.
    case when k.account_key is not null then cast(a.is_active_customer as varchar) end
        as account_is_active_customer
from accounts as a
left join known_customers as k on a.account_key = k.account_key
