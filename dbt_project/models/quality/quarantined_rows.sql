with uncast as (
    select * from {{ ref('base_files__uncast_rows') }}
),

latest as (
    {%- for entity in file_entities() %}
    select '{{ entity }}' as entity, record_key, exported_at
    from {{ ref('stg_files__' ~ entity) }}
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
),

-- A corrected version that landed later takes the row out of quarantine.
quarantined as (
    select u.*
    from uncast as u
    left join latest as l
        on u.entity = l.entity and u.record_key = l.record_key and u.exported_at < l.exported_at
    where l.record_key is null
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
from quarantined
