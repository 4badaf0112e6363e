with accounts as (
    select * from {{ ref('int_accounts') }}
),

fits as (
    select * from {{ ref('int_account_fits') }}
)

select
    {%- for profile in profiles() %}
    f.{{ profile }}_profile,
    f.{{ profile }}_fit,
    {%- endfor %}
    a.account_key,
    a.name,
    a.domain,
    a.industry,
    a.account_type,
    a.country,
    a.is_active_customer,
    a.is_deleted,
    cast(a.record_count as integer) as record_count
from accounts as a
left join fits as f on a.account_key = f.account_key
