{#- Read once here: finding them takes as long as casting every row of every file. -#}
{%- for entity in file_entities() %}
select
    '{{ entity }}' as entity, source, instance, record_key, record_id, exported_at, load_id, export,
    file, line, cast_problem
from {{ ref('base_files__' ~ entity) }}
where cast_problem is not null
{%- if not loop.last %}
union all
{%- endif %}
{%- endfor %}
