{%- set attributes = ['country', 'persona', 'record_type', 'owner_key', 'account_key'] -%}

with records as (
    select
        r.*,
        p.person_key,
        p.is_email_ambiguous,
        a.account_key,
        row_number() over (
            partition by p.person_key
            order by r.created_at asc nulls last, r.source_rank asc, r.record_id asc, r.record_key asc
        ) as record_number
    from {{ ref('int_person_records') }} as r
    inner join {{ ref('int_persons_resolved') }} as p on r.record_key = p.record_key
    left join {{ ref('int_accounts_resolved') }} as a
        on coalesce(r.account_record_key, r.converted_account_record_key) = a.record_key
),

survivorship as (
    select s.attribute, s.source, s.source_rank
    from {{ source('agreement', 'survivorship') }} as s
    inner join {{ ref('int_agreement_versions') }} as v on s.version = v.version and v.is_in_force
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

attribute_values as (
    {%- for attribute in attributes %}
    select
        person_key, '{{ attribute }}' as attribute, source, source_rank, updated_at, record_key,
        cast({{ attribute }} as varchar) as value
    from records
    where {{ attribute }} is not null
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
),

-- Attribute by attribute: the agreement's source order, then the latest change, then the record id.
survivors as (
    select
        v.person_key,
        v.attribute,
        v.value,
        row_number() over (
            partition by v.person_key, v.attribute
            order by
                coalesce(s.source_rank, v.source_rank) asc, v.updated_at desc nulls last, v.record_key asc
        ) as choice
    from attribute_values as v
    left join survivorship as s on v.attribute = s.attribute and v.source = s.source
),

attributes as (
    select
        {%- for attribute in attributes %}
        max(case when attribute = '{{ attribute }}' then value end) as {{ attribute }},
        {%- endfor %}
        person_key
    from survivors
    where choice = 1
    group by person_key
),

persons as (
    select
        person_key,
        min(created_at) as first_seen_at,
        count(*) as record_count,
        min(case when is_deleted then 1 else 0 end) = 1 as is_deleted,
        max(case when is_email_ambiguous then 1 else 0 end) = 1 as is_email_ambiguous,
        -- Origin and first source are the earliest record's, also where it has none.
        max(case when record_number = 1 then lead_source end) as lead_source,
        max(case when record_number = 1 then campaign end) as campaign
    from records
    group by person_key
)

select
    p.person_key,
    p.first_seen_at,
    p.record_count,
    false as is_placeholder,
    p.is_deleted,
    p.is_email_ambiguous,
    p.lead_source,
    p.campaign,
    a.country,
    a.persona,
    a.record_type,
    a.owner_key,
    a.account_key
from persons as p
left join attributes as a on p.person_key = a.person_key
union all
select
    person_key, first_seen_at, 0, true, false, false, cast(null as varchar), cast(null as varchar),
    cast(null as varchar), cast(null as varchar), cast(null as varchar), owner_key, account_key
from placeholders
