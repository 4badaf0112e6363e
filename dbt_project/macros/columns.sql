{#- All columns but some. -#}
{% macro exclude_columns(columns) -%}
    {{ adapter.dispatch('exclude_columns')(columns) }}
{%- endmacro %}
{% macro default__exclude_columns(columns) -%}
    except ({{ columns | join(', ') }})
{%- endmacro %}
{% macro duckdb__exclude_columns(columns) -%}
    exclude ({{ columns | join(', ') }})
{%- endmacro %}
