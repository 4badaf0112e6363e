{#- A view: asked for one key at a time, and as long as everything that was ever delivered. -#}
{{ config(materialized='view') }}

{%- set delivered = ['source', 'instance', 'load_id', 'file', 'line', 'exported_at'] -%}
{%- set subjects = {
    'persons': ("'persons'", 'record_key'),
    'accounts': ("'accounts'", 'record_key'),
    'opportunities': ("'opportunities'", 'record_key'),
    'activities': ("'persons'", reference_key('b', 'person_id', 'person_source')),
    'field_changes': ('b.record_entity', reference_key('b', 'changed_record_id')),
    'opportunity_persons': ("'opportunities'", reference_key('b', 'opportunity_id'))
} -%}

with loads as (
    select * from {{ source('ops', 'loads') }}
),

set_aside_rows as (
    select * from {{ source('ops', 'set_aside_rows') }}
),

subject_keys as (
    select 'persons' as subject_entity, record_key, 'person' as key_kind, person_key as traced_key
    from {{ ref('int_persons_resolved') }}
    union all
    select 'accounts', record_key, 'account', account_key from {{ ref('int_accounts_resolved') }}
    union all
    select 'opportunities', record_key, 'opportunity', record_key as opportunity_key
    from {{ ref('stg_files__opportunities') }}
),

used_rows as (
    {%- for entity in subjects %}
    select '{{ entity }}' as entity, load_id, line from {{ ref('stg_files__' ~ entity) }}
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
),

delivered_rows as (
    {%- for entity, subject in subjects.items() %}
    select
        '{{ entity }}' as entity,
        {{ subject[0] }} as subject_entity,
        {{ subject[1] }} as subject_key,
        {%- for column in delivered %}
        b.{{ column }},
        {%- endfor %}
        b.cast_problem as problem
    from {{ ref('base_files__' ~ entity) }} as b
    union all
    {%- endfor %}
    -- What was set aside at landing is in no raw table, and says at most its own id.
    select
        s.object as entity,
        s.object as subject_entity,
        {{ record_key('s.source', 's.instance', 's.record_id') }},
        s.source,
        s.instance,
        s.load_id,
        s.file,
        s.line,
        l.window_end,
        'set aside: ' || s.reason
    from set_aside_rows as s
    inner join loads as l on s.load_id = l.load_id and s.object = l.object
)

select
    k.key_kind,
    k.traced_key,
    d.subject_key as record_key,
    d.entity,
    d.source,
    d.instance,
    d.file,
    d.line,
    d.load_id,
    d.exported_at,
    u.load_id is not null as is_used,
    d.problem
from delivered_rows as d
inner join subject_keys as k
    on d.subject_entity = k.subject_entity and d.subject_key = k.record_key
left join used_rows as u on d.entity = u.entity and d.load_id = u.load_id and d.line = u.line
