{%- set texts = account_attributes()['texts'] -%}
{%- set others = account_attributes()['others'] -%}

with record_values as (
    select * from {{ ref('int_account_values') }}
)

select
    {%- for column, _ in texts + others %}
    {{ first_value_by(column, column ~ '_order') }} as {{ column }},
    {%- endfor %}
    account_key,
    count(*) as record_count,
    max(case when is_active_customer and not is_deleted then 1 else 0 end) = 1 as is_active_customer,
    min(case when is_deleted then 1 else 0 end) = 1 as is_deleted
from record_values
group by account_key
