{#- A folder is a schema: no target prefix, so that `marts.fct_passes` is called so everywhere. -#}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {{ custom_schema_name | trim if custom_schema_name else target.schema }}
{%- endmacro %}
