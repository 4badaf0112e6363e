{#- Keys carry system and instance, so that two portals of one system never meet. -#}
{% macro record_key(source_sql, instance_sql, id_sql) -%}
    ({{ source_sql }} || '/' || {{ instance_sql }} || '/' || {{ id_sql }})
{%- endmacro %}

{#-
    The key of a record that another one refers to, by default in the referring record's own system
    and instance; in another system, in the instance that int_linked_instances names.
-#}
{% macro reference_key(alias, id_column, source_column=none) -%}
    {%- set id = alias ~ '.' ~ id_column -%}
    {%- if source_column -%}
    {%- set other = alias ~ '.' ~ source_column -%}
    (
        coalesce({{ other }}, {{ alias }}.source)
        || '/'
        || case
            when coalesce({{ other }}, {{ alias }}.source) = {{ alias }}.source then {{ alias }}.instance
            else coalesce((
                select max(linked.linked_instance)
                from {{ ref('int_linked_instances') }} as linked
                where
                    linked.source = {{ alias }}.source
                    and linked.instance = {{ alias }}.instance
                    and linked.linked_source = {{ other }}
            ), 'main')
        end
        || '/'
        || {{ id }}
    )
    {%- else -%}
    {{ record_key(alias ~ '.source', alias ~ '.instance', id) }}
    {%- endif -%}
{%- endmacro %}

{#- System and instance of a record key. -#}
{% macro key_instance(key_sql) -%}
    ({{ dbt.split_part(key_sql, "'/'", 1) }} || '/' || {{ dbt.split_part(key_sql, "'/'", 2) }})
{%- endmacro %}
