{{ config(materialized='view') }}
{%- set texts = person_attributes()['texts'] -%}
{%- set others = person_attributes()['others'] -%}

with survivorship as (
    select s.attribute, s.source, s.source_rank
    from {{ source('agreement', 'survivorship') }} as s
    inner join {{ ref('int_agreement_versions') }} as v on s.version = v.version and v.is_in_force
    where s.attribute <> 'default'
),

-- Of attributes with an order of their own: the rank of each source in it.
ranks as (
    select
        {%- for _, agreed in (texts + others) | unique(attribute=1) %}
        max(case when attribute = '{{ agreed }}' then source_rank end) as {{ agreed }}_rank,
        {%- endfor %}
        source
    from survivorship
    group by source
),

domains as (
    select * from {{ ref('int_account_domains') }}
),

accounts as (
    select * from {{ ref('int_accounts_resolved') }}
),

merged_away as (
    select distinct record_key
    from {{ ref('int_person_links') }}
    where kind = 'merge' and has_happened
),

records as (
    select
        r.* {{ exclude_columns(['email', 'lead_source', 'campaign']) }},
        r.lead_source as current_lead_source,
        r.campaign as current_campaign,
        case
            when not {{ is_placeholder_email('r.email_normalised') }} then r.email_normalised
        end as email,
        p.person_key,
        p.is_email_ambiguous,
        coalesce(a.account_key, c.account_key) as stored_account_key,
        d.account_key as domain_account_key,
        d.is_ambiguous as is_domain_ambiguous,
        r.is_deleted or m.record_key is not null as is_gone
    from {{ ref('int_person_records') }} as r
    inner join {{ ref('int_persons_resolved') }} as p on r.record_key = p.record_key
    left join merged_away as m on r.record_key = m.record_key
    left join accounts as a on r.account_record_key = a.record_key
    left join accounts as c on r.converted_account_record_key = c.record_key
    left join domains as d on {{ email_domain('r.personal_email') }} = d.domain
),

preferred as (
    select
        *,
        row_number() over (
            partition by person_key
            order by
                is_gone asc, source_rank asc, updated_at desc nulls last, record_id asc, record_key asc
        ) as preference
    from records
),

valued as (
    select
        {%- for column, agreed in texts %}
        case when not {{ is_placeholder('r.' ~ column) }} then r.{{ column }} end as {{ column }},
        {%- endfor %}
        {%- for column, agreed in others %}
        r.{{ column }},
        {%- endfor %}
        {%- for _, agreed in (texts + others) | unique(attribute=1) %}
        {{ survivorship_order('r', 'k.' ~ agreed ~ '_rank', 'r.is_gone') }} as {{ agreed }}_order,
        {%- endfor %}
        r.person_key,
        r.record_key,
        r.created_at,
        r.is_deleted,
        r.is_email_ambiguous,
        r.current_lead_source as lead_source,
        r.current_campaign as campaign
    from preferred as r
    left join ranks as k on r.source = k.source
)

select * from valued
