{{ config(materialized='view') }}
{%- set texts = account_attributes()['texts'] -%}
{%- set others = account_attributes()['others'] -%}

with survivorship as (
    select s.attribute, s.source, s.source_rank
    from {{ source('agreement', 'survivorship') }} as s
    inner join {{ ref('int_agreement_versions') }} as v on s.version = v.version and v.is_in_force
),

-- Of attributes with an order of their own: the rank of each source in it.
ranks as (
    select
        {%- for column, agreed in texts + others %}
        max(case when attribute = 'account.{{ agreed }}' then source_rank end) as {{ column }}_rank,
        {%- endfor %}
        source
    from survivorship
    group by source
),

records as (
    select
        r.*,
        a.account_key,
        row_number() over (
            partition by a.account_key
            order by
                r.is_deleted asc, r.source_rank asc, r.updated_at desc nulls last, r.record_id asc,
                r.record_key asc
        ) as preference
    from {{ ref('int_account_records') }} as r
    inner join {{ ref('int_accounts_resolved') }} as a on r.record_key = a.record_key
),

valued as (
    select
        {%- for column, _ in texts %}
        case when not {{ is_placeholder('r.' ~ column) }} then r.{{ column }} end as {{ column }},
        {%- endfor %}
        {%- for column, _ in others %}
        r.{{ column }},
        {%- endfor %}
        {%- for column, _ in texts + others %}
        {{ survivorship_order('r', 'k.' ~ column ~ '_rank', 'r.is_deleted') }} as {{ column }}_order,
        {%- endfor %}
        r.record_key,
        r.account_key,
        r.is_active_customer,
        r.is_deleted
    from records as r
    left join ranks as k on r.source = k.source
)

select * from valued
