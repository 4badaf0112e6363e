{#- Map values: one expression each, engine by engine. -#}

{% macro collect_map(key_sql, value_sql, where_sql) -%}
    {{ adapter.dispatch('collect_map')(key_sql, value_sql, where_sql) }}
{%- endmacro %}
{% macro default__collect_map(key_sql, value_sql, where_sql) -%}
    map_from_entries(
        collect_list(struct({{ key_sql }}, {{ value_sql }})) filter (where {{ where_sql }})
    )
{%- endmacro %}
{% macro duckdb__collect_map(key_sql, value_sql, where_sql) -%}
    map_from_entries(
        list(({{ key_sql }}, {{ value_sql }}) order by {{ key_sql }}) filter (where {{ where_sql }})
    )
{%- endmacro %}

{#- A row for each entry of a map column: `select …, entry_key, entry_value from <this>`. -#}
{% macro map_entries(relation, columns, map_column) -%}
    {{ adapter.dispatch('map_entries')(relation, columns, map_column) }}
{%- endmacro %}
{% macro default__map_entries(relation, columns, map_column) -%}
    select {{ columns | join(', ') }}, entry_key, entry_value
    from {{ relation }}
    lateral view explode({{ map_column }}) as entry_key, entry_value
{%- endmacro %}
{% macro duckdb__map_entries(relation, columns, map_column) -%}
    select {{ columns | join(', ') }}, entry.key as entry_key, entry.value as entry_value
    from {{ relation }}, unnest(map_entries({{ map_column }})) as entries (entry)
{%- endmacro %}

{% macro has_key(map_sql, key_sql) -%}
    {{ adapter.dispatch('has_key')(map_sql, key_sql) }}
{%- endmacro %}
{% macro default__has_key(map_sql, key_sql) -%}
    coalesce(map_contains_key({{ map_sql }}, {{ key_sql }}), false)
{%- endmacro %}
{% macro duckdb__has_key(map_sql, key_sql) -%}
    coalesce(map_contains({{ map_sql }}, {{ key_sql }}), false)
{%- endmacro %}
