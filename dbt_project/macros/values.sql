{#- What people write where they must write something: it counts as missing. -#}
{% macro is_placeholder(text_sql) -%}
    lower(trim({{ text_sql }})) in ('n/a', '-', 'none', 'test', '123')
{%- endmacro %}

{#- An id that names nothing. -#}
{% macro real_id(id_sql) -%}
    case when lower({{ id_sql }}) not in ('0', '-', 'n/a', 'none', 'null') then {{ id_sql }} end
{%- endmacro %}

{#- Of the rows of a group: the value that comes first, rows without a value left out. -#}
{% macro first_value_by(value_sql, order_sql) -%}
    {{ adapter.dispatch('first_value_by')(value_sql, order_sql) }}
{%- endmacro %}
{% macro default__first_value_by(value_sql, order_sql) -%}
    min_by({{ value_sql }}, case when {{ value_sql }} is not null then {{ order_sql }} end)
{%- endmacro %}
{% macro duckdb__first_value_by(value_sql, order_sql) -%}
    arg_min({{ value_sql }}, {{ order_sql }})
{%- endmacro %}

{#- Aggregate: percentiles between the values of a group, as a list. One list holds the values once. -#}
{% macro percentiles(value_sql, shares) -%}
    {{ adapter.dispatch('percentiles')(value_sql, shares) }}
{%- endmacro %}
{% macro default__percentiles(value_sql, shares) -%}
    percentile({{ value_sql }}, array({{ shares | join(', ') }}))
{%- endmacro %}
{% macro duckdb__percentiles(value_sql, shares) -%}
    quantile_cont({{ value_sql }}, [{{ shares | join(', ') }}])
{%- endmacro %}

{#- A row for each item of a list that is separated by ; or ,: `select …, item from <this>`. -#}
{% macro listed_items(relation, columns, list_column) -%}
    {{ adapter.dispatch('listed_items')(relation, columns, list_column) }}
{%- endmacro %}
{% macro default__listed_items(relation, columns, list_column) -%}
    select {{ columns | join(', ') }}, trim(item) as item
    from {{ relation }}
    lateral view explode(split({{ list_column }}, '[;,]')) as item
    where trim(item) <> ''
{%- endmacro %}
{% macro duckdb__listed_items(relation, columns, list_column) -%}
    select {{ columns | join(', ') }}, trim(item) as item
    from {{ relation }}, unnest(string_split_regex({{ list_column }}, '[;,]')) as items (item)
    where trim(item) <> ''
{%- endmacro %}

{#- A row for each item of a list with a separator of its own: `select …, item from <this>`. -#}
{% macro separated_items(relation, columns, list_column, separator_column) -%}
    {{ adapter.dispatch('separated_items')(relation, columns, list_column, separator_column) }}
{%- endmacro %}
{% macro default__separated_items(relation, columns, list_column, separator_column) -%}
    select {{ columns | join(', ') }}, trim(item) as item
    from {{ relation }}
    lateral view explode(
        split({{ list_column }}, concat('\\\\Q', {{ separator_column }}, '\\\\E'))
    ) as item
{%- endmacro %}
{% macro duckdb__separated_items(relation, columns, list_column, separator_column) -%}
    select {{ columns | join(', ') }}, trim(item) as item
    from {{ relation }}, unnest(string_split({{ list_column }}, {{ separator_column }})) as items (item)
{%- endmacro %}

{#-
    Where a record stands in the order in which an attribute's value is looked for: live records
    before deleted ones, then the attribute's own order of sources, if it has one, then the record's
    `preference` in the default order. One number, so that one aggregate finds the value.
-#}
{% macro survivorship_order(alias, rank_sql, gone_sql) -%}
    case when {{ gone_sql }} then 1000000000000 else 0 end
    + coalesce({{ rank_sql }}, 1000) * 1000000
    + {{ alias }}.preference
{%- endmacro %}

{#- Whether a value that people pick from a list says anything; null where there is none. -#}
{% macro is_told(value_sql) -%}
    lower({{ value_sql }}) not in ('other', 'unknown')
{%- endmacro %}
