{#- Where exports are compared: entity, its landed versions, attribute and column, what null means. -#}
{%- set compared = [
    ('person', 'persons', {
        'lead_source': 'lead_source', 'country': 'country', 'campaign': 'campaign',
        'persona': 'persona', 'title': 'title', 'record_type': "coalesce(record_type, 'lead')", 'owner_key': 'owner_id'
    }),
    ('account', 'accounts', {
        'industry': 'industry', 'account_type': 'account_type', 'country': 'country',
        'employees': 'cast(employees as varchar)', 'revenue': 'cast(revenue as varchar)'
    }),
    ('owner', 'owners', {'team': 'team', 'manager': 'manager', 'region': 'region'}),
    ('opportunity', 'opportunities', {
        'product': 'product', 'pipeline': "coalesce(pipeline, 'default')",
        'opportunity_type': "coalesce(opportunity_type, 'new_business')",
        'lead_source': 'lead_source'
    })
] -%}
{%- set always_followed = [
    ('person', 'lead_source'), ('opportunity', 'product'), ('opportunity', 'lead_source')
] -%}

with segment_uses as (
    select * from {{ ref('int_segment_uses') }}
),

context as (
    select * from {{ source('ops', 'run_context') }}
),

settings as (
    select * from {{ ref('int_agreed_settings') }}
),

wanted as (
    select s.entity, s.field
    from {{ source('agreement', 'segments') }} as s
    inner join {{ ref('int_agreement_versions') }} as v on s.version = v.version and v.is_in_force
    union
    select {{ dbt.split_part('field', "'.'", 1) }}, {{ dbt.split_part('field', "'.'", 2) }}
    from {{ ref('int_agreed_profile_traits') }}
),

-- What nobody segments by and no profile looks at need not be followed; owners, and what wins and losses are
-- always cut by, are.
followed as (
    select 'person' as entity, 'owner_key' as field, 'owner_id' as delivered_field
    {%- for entity, field in followed_fields() if field != 'owner_key' %}
    union all
    select '{{ entity }}', '{{ field }}', '{{ field }}'
    {%- if (entity, field) not in always_followed %}
    from wanted
    where entity = '{{ entity }}' and field = '{{ field }}'
    {%- endif %}
    {%- endfor %}
),

delivered as (
    select
        f.entity,
        f.field,
        c.record_key,
        c.source,
        case
            when f.field = 'owner_key'
                then {{ key_instance('c.record_key') }} || '/' || c.old_value
            else c.old_value
        end as old_value,
        case
            when f.field = 'owner_key'
                then {{ key_instance('c.record_key') }} || '/' || c.new_value
            else c.new_value
        end as new_value,
        {{ moment('c.changed_at', 'c.changed_at_precision', 'ctx.reporting_time_zone') }} as moment,
        c.evidence,
        c.chain_position,
        c.change_key
    from {{ ref('int_field_changes') }} as c
    cross join context as ctx
    inner join followed as f
        on
            c.field = f.delivered_field
            and c.record_entity = case f.entity
                {%- for entity, delivered_entity, _ in compared %}
                when '{{ entity }}' then '{{ delivered_entity }}'
                {%- endfor %}
            end
),

-- A history that never names an old value does not say that there was none.
histories as (
    select entity, field, source, count(old_value) > 0 as is_old_value_told
    from delivered
    group by entity, field, source
),
{% for entity, delivered_entity, fields in compared %}
{{ delivered_entity }}_repeated as (
    select record_key
    from {{ ref('base_files__' ~ delivered_entity) }}
    group by record_key
    having count(*) > 1
),

{{ delivered_entity }}_compared as (
    select
        v.record_key,
        v.source,
        v.exported_at,
        v.load_id,
        v.line,
        {%- for field, column in fields.items() %}
        {{ column }} as {{ field }},
        lag({{ column }}) over versions as {{ field }}_before,
        {%- endfor %}
        row_number() over versions as version_number
    from {{ ref('base_files__' ~ delivered_entity) }} as v
    inner join {{ delivered_entity }}_repeated as r on v.record_key = r.record_key
    left join {{ ref('base_files__uncast_rows') }} as u
        on
            u.entity = '{{ delivered_entity }}'
            and v.load_id = u.load_id
            and v.file = u.file
            and v.line = u.line
    where u.line is null
    window versions as (
        partition by v.record_key order by v.exported_at, v.load_id, v.line
    )
),
{% endfor %}
-- Two exports that differ: observed at the later one.
differences as (
    {%- for entity, delivered_entity, fields in compared %}
    {%- set entity_loop = loop %}
    {%- for field in fields %}
    select
        '{{ entity }}' as entity, '{{ field }}' as field, record_key, source, exported_at, load_id,
        line,
        {%- if field == 'owner_key' %}
        {{ key_instance('record_key') }} || '/' || owner_key_before as old_value,
        {{ key_instance('record_key') }} || '/' || owner_key as new_value
        {%- else %}
        {{ field }}_before as old_value, {{ field }} as new_value
        {%- endif %}
    from {{ delivered_entity }}_compared
    where version_number > 1 and ({{ field }} is distinct from {{ field }}_before)
    {%- if not (loop.last and entity_loop.last) %}
    union all
    {%- endif %}
    {%- endfor %}
    {%- endfor %}
),

-- Where a source tells its own history, a difference of exports is the same change again.
observed as (
    select d.*
    from differences as d
    inner join followed as f on d.entity = f.entity and d.field = f.field
    left join histories as h on d.entity = h.entity and d.field = h.field and d.source = h.source
    where h.source is null
),

-- Owner and currency of an opportunity are followed with its other states.
opportunity_states as (
    select
        c.opportunity_key,
        c.field,
        case
            when c.field = 'currency' then coalesce(c.value, s.currency)
            else c.value
        end as new_value,
        lag(c.value) over (
            partition by c.opportunity_key, c.field order by c.change_number
        ) as value_before,
        c.is_initial,
        c.moment,
        c.evidence,
        c.change_number,
        c.change_key
    from {{ ref('int_opportunity_changes') }} as c
    cross join settings as s
    cross join segment_uses as u
    where
        c.field = 'owner_key'
        or (c.field = 'currency' and u.opportunity_currency is not null)
),

changes as (
    select
        d.entity, d.field, d.record_key, d.old_value, h.is_old_value_told, d.new_value, d.moment,
        d.evidence, d.chain_position as position, d.change_key
    from delivered as d
    inner join histories as h on d.entity = h.entity and d.field = h.field and d.source = h.source
    union all
    select
        entity, field, record_key, old_value, true, new_value, exported_at, 'observed', 0,
        record_key || '/load/' || load_id || '/' || cast(line as varchar) || '/' || field
    from observed
    union all
    select
        'opportunity', c.field, c.opportunity_key,
        case
            when c.field = 'currency' then coalesce(c.value_before, s.currency)
            else c.value_before
        end,
        true, c.new_value, c.moment, c.evidence, c.change_number, c.change_key
    from opportunity_states as c
    cross join settings as s
    where not c.is_initial
)

select
    entity,
    field,
    record_key,
    old_value,
    is_old_value_told,
    new_value,
    moment,
    evidence,
    cast(row_number() over (
        partition by entity, field, record_key order by moment, position, change_key
    ) as integer) as change_number
from changes
