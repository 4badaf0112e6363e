{%- set attributes = ['name', 'domain', 'industry', 'country'] -%}

with records as (
    select r.*, a.account_key
    from {{ ref('int_account_records') }} as r
    inner join {{ ref('int_accounts_resolved') }} as a on r.record_key = a.record_key
),

attribute_values as (
    {%- for attribute in attributes %}
    select account_key, '{{ attribute }}' as attribute, source_rank, record_key, {{ attribute }} as value
    from records
    where {{ attribute }} is not null
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
),

survivors as (
    select
        *,
        row_number() over (
            partition by account_key, attribute order by source_rank, record_key
        ) as choice
    from attribute_values
),

attributes as (
    select
        {%- for attribute in attributes %}
        max(case when attribute = '{{ attribute }}' then value end) as {{ attribute }},
        {%- endfor %}
        account_key
    from survivors
    where choice = 1
    group by account_key
),

accounts as (
    select
        account_key,
        count(*) as record_count,
        max(case when is_active_customer and not is_deleted then 1 else 0 end) = 1
            as is_active_customer,
        min(case when is_deleted then 1 else 0 end) = 1 as is_deleted
    from records
    group by account_key
)

select
    c.account_key,
    c.record_count,
    c.is_active_customer,
    c.is_deleted,
    a.name,
    a.domain,
    a.industry,
    a.country
from accounts as c
left join attributes as a on c.account_key = a.account_key
