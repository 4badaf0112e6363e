{#- What may decide on a territory (ingestion/agreement lists the same; a test compares the two). -#}
{%- set fields = [
    ('person', 'country'), ('person', 'lead_source'), ('account', 'industry'), ('account', 'country')
] -%}

with handoffs as (
    select * from {{ ref('int_handoffs') }}
),

persons as (
    select * from {{ ref('int_persons') }}
),

accounts as (
    select * from {{ ref('int_accounts') }}
),

spans as (
    select * from {{ ref('int_segment_spans') }} where entity in ('person', 'account')
),

recipients as (
    select
        *,
        case kind when 'territory' then 1 when 'contact' then 2 else 3 end as preference
    from {{ source('agreement', 'recipients') }}
),

-- A territory goes by what was known when the lead was handed over, where changes are followed at all.
placed as (
    {%- for entity, field in fields %}
    select
        h.handoff_key,
        h.agreement_version,
        '{{ entity }}.{{ field }}' as territory_field,
        case when s.entity_key is not null then s.value else {{ entity }}.{{ field }} end as territory_value
    from handoffs as h
    inner join persons as person on h.person_key = person.person_key
    {%- if entity == 'account' %}
    left join accounts as account on person.account_key = account.account_key
    {%- endif %}
    left join spans as s
        on
            s.entity = '{{ entity }}'
            and s.field = '{{ field }}'
            and {{ entity }}.{{ entity }}_key = s.entity_key
            and coalesce(h.moment, {{ since_ever() }}) >= s.valid_from
            and coalesce(h.moment, {{ since_ever() }}) < s.valid_until
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
),

territories as (
    select p.handoff_key, r.recipient, r.kind, r.preference
    from placed as p
    inner join recipients as r
        on
            p.agreement_version = r.version
            and p.territory_field = r.territory_field
            and p.territory_value = r.territory_value
    union all
    select h.handoff_key, r.recipient, r.kind, r.preference
    from handoffs as h
    inner join recipients as r on h.agreement_version = r.version and r.territory_field is null
),

eligible as (
    select
        *,
        row_number() over (partition by handoff_key order by preference, recipient) as place
    from territories
)

-- The territory that the lead lies in, else the single contact, else the queue.
select handoff_key, recipient as agreed_recipient, kind as chosen_by
from eligible
where place = 1
