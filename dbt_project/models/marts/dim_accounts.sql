select
    account_key,
    name,
    domain,
    industry,
    country,
    is_active_customer,
    is_deleted,
    cast(record_count as integer) as record_count
from {{ ref('int_accounts') }}
