{%- set texts = person_attributes()['texts'] -%}
{%- set others = person_attributes()['others'] -%}

with record_values as (
    select * from {{ ref('int_person_values') }}
),

placeholders as (
    select
        person_key,
        min(created_at) as first_seen_at,
        min(account_key) as account_key,
        min(owner_key) as owner_key
    from {{ ref('int_opportunities') }}
    where is_placeholder_person
    group by person_key
),

persons as (
    select
        {%- for column, agreed in texts + others %}
        {{ first_value_by(column, agreed ~ '_order') }} as {{ column }},
        {%- endfor %}
        person_key,
        min(created_at) as first_seen_at,
        count(*) as record_count,
        min(case when is_deleted then 1 else 0 end) = 1 as is_deleted,
        max(case when is_email_ambiguous then 1 else 0 end) = 1 as is_email_ambiguous,
        -- Origin and first source are the earliest record's, which names the person, also where it
        -- has none.
        max(case when record_key = person_key then lead_source end) as lead_source,
        max(case when record_key = person_key then campaign end) as campaign
    from record_values
    group by person_key
)

select
    person_key,
    first_seen_at,
    record_count,
    false as is_placeholder,
    is_deleted,
    is_email_ambiguous,
    lead_source,
    campaign,
    email,
    {%- for column, agreed in texts %}
    {{ column }},
    {%- endfor %}
    employees,
    revenue,
    score,
    record_type,
    owner_key,
    coalesce(stored_account_key, domain_account_key) as account_key,
    case
        when stored_account_key is not null then 'stored_id'
        when domain_account_key is not null then 'domain'
    end as account_match,
    coalesce(stored_account_key is null and is_domain_ambiguous, false) as is_account_match_ambiguous
from persons
union all
select
    person_key,
    first_seen_at,
    0 as record_count,
    true as is_placeholder,
    false as is_deleted,
    false as is_email_ambiguous,
    cast(null as varchar) as lead_source,
    cast(null as varchar) as campaign,
    cast(null as varchar) as email,
    {%- for column, agreed in texts %}
    cast(null as varchar) as {{ column }},
    {%- endfor %}
    cast(null as double) as employees,
    cast(null as double) as revenue,
    cast(null as double) as score,
    cast(null as varchar) as record_type,
    owner_key,
    account_key,
    case when account_key is not null then 'stored_id' end as account_match,
    false as is_account_match_ambiguous
from placeholders
