{#- Keys carry system and instance, so that two portals of one system never meet. -#}
{% macro record_key(source_sql, instance_sql, id_sql) -%}
    ({{ source_sql }} || '/' || {{ instance_sql }} || '/' || {{ id_sql }})
{%- endmacro %}

{#- The key of a record that another one refers to, by default in the referring record's own system. -#}
{% macro reference_key(alias, id_column, source_column=none) -%}
    {%- if source_column -%}
    (
        coalesce({{ alias }}.{{ source_column }}, {{ alias }}.source)
        || '/'
        || case
            when coalesce({{ alias }}.{{ source_column }}, {{ alias }}.source) = {{ alias }}.source
                then {{ alias }}.instance
            else 'main'
        end
        || '/'
        || {{ alias }}.{{ id_column }}
    )
    {%- else -%}
    {{ record_key(alias ~ '.source', alias ~ '.instance', alias ~ '.' ~ id_column) }}
    {%- endif -%}
{%- endmacro %}
