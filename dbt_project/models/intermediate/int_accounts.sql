{%- set texts = ['name', 'domain', 'industry', 'country'] -%}
{%- set figures = ['employees', 'revenue', 'owner_key'] -%}

with record_values as (
    select * from {{ ref('int_account_values') }}
)

select
    {%- for attribute in texts + figures %}
    {{ first_value_by(attribute, attribute ~ '_order') }} as {{ attribute }},
    {%- endfor %}
    account_key,
    count(*) as record_count,
    max(case when is_active_customer and not is_deleted then 1 else 0 end) = 1 as is_active_customer,
    min(case when is_deleted then 1 else 0 end) = 1 as is_deleted
from record_values
group by account_key
