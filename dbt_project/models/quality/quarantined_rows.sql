with
{%- for entity in file_entities() %}
{{ entity }}_quarantined as (
    select b.source, b.instance, b.load_id, b.export, b.file, b.line, b.record_id, b.cast_problem
    from {{ ref('base_files__' ~ entity) }} as b
    -- A corrected version that landed later takes the row out of quarantine.
    left join {{ ref('stg_files__' ~ entity) }} as s
        on b.record_key = s.record_key and b.exported_at < s.exported_at
    where b.cast_problem is not null and s.record_key is null
),
{% endfor %}

uncast as (
    {%- for entity in file_entities() %}
    select '{{ entity }}' as entity, q.* from {{ entity }}_quarantined as q
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
)

-- The rows themselves stay in the landing (ops.set_aside_rows, raw_files): they hold personal values.
select
    'landing' as layer,
    object as entity,
    source,
    instance,
    load_id,
    export,
    file,
    line,
    record_id,
    reason
from {{ source('ops', 'set_aside_rows') }}
union all
select
    'staging', entity, source, instance, load_id, export, file, line, record_id, cast_problem
from uncast
