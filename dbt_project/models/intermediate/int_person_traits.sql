{%- set account_traits = ['industry', 'country', 'employees', 'revenue', 'is_active_customer'] -%}

with persons as (
    select * from {{ ref('int_persons') }} where not is_placeholder
),

person_records as (
    select r.*, p.person_key
    from {{ ref('int_person_records') }} as r
    inner join {{ ref('int_persons_resolved') }} as p on r.record_key = p.record_key
),

account_records as (
    select r.*, a.account_key
    from {{ ref('int_account_records') }} as r
    inner join {{ ref('int_accounts_resolved') }} as a on r.record_key = a.record_key
),

survivorship as (
    select s.attribute, s.source, s.source_rank
    from {{ source('agreement', 'survivorship') }} as s
    inner join {{ ref('int_agreement_versions') }} as v on s.version = v.version and v.is_in_force
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
),

ranked_titles as (
    select
        r.person_key,
        r.title,
        row_number() over (
            partition by r.person_key
            order by
                coalesce(s.source_rank, r.source_rank) asc, r.updated_at desc nulls last,
                r.record_key asc
        ) as choice
    from person_records as r
    left join survivorship as s on s.attribute = 'title' and r.source = s.source
    where r.title is not null
),

account_values as (
    {%- for trait in account_traits %}
    select
        account_key, 'account.{{ trait }}' as attribute, source, source_rank, record_key,
        cast({{ trait }} as varchar) as value
    from account_records
    where {{ trait }} is not null
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
),

ranked_account_values as (
    select
        v.account_key,
        v.attribute,
        v.value,
        row_number() over (
            partition by v.account_key, v.attribute
            order by coalesce(s.source_rank, v.source_rank) asc, v.record_key asc
        ) as choice
    from account_values as v
    left join survivorship as s on v.attribute = s.attribute and v.source = s.source
),

accounts as (
    select
        {%- for trait in account_traits %}
        max(case when attribute = 'account.{{ trait }}' then value end) as {{ trait }},
        {%- endfor %}
        account_key
    from ranked_account_values
    where choice = 1
    group by account_key
)

select
    p.person_key,
    f.known_since,
    t.title as person_title,
    p.country as person_country,
    p.persona as person_persona,
    p.lead_source as person_lead_source,
    {%- for trait in account_traits %}
    a.{{ trait }} as account_{{ trait }},
    {%- endfor %}
    p.campaign as person_campaign
from persons as p
left join first_moments as f on p.person_key = f.person_key
left join ranked_titles as t on p.person_key = t.person_key and t.choice = 1
left join accounts as a on p.account_key = a.account_key
