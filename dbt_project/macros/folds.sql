{#-
    A fold goes through a list in its order and carries a state along: what a state machine needs, in
    one expression over all persons at once. Each engine has one; they differ in how it is written.
-#}

{#- The state after the last item. `step` is an expression over `state` and `item`, both structs. -#}
{% macro fold(list_sql, initial_state, step) -%}
    {{ adapter.dispatch('fold')(list_sql, initial_state, step) }}
{%- endmacro %}
{% macro default__fold(list_sql, initial_state, step) -%}
    aggregate({{ list_sql }}, {{ initial_state }}, (state, item) -> {{ step }})
{%- endmacro %}
{% macro duckdb__fold(list_sql, initial_state, step) -%}
    list_reduce({{ list_sql }}, lambda state, item: {{ step }}, {{ initial_state }})
{%- endmacro %}

{#- A struct of named expressions. -#}
{% macro struct_of(fields) -%}
    {{ adapter.dispatch('struct_of')(fields) }}
{%- endmacro %}
{% macro default__struct_of(fields) -%}
    named_struct({% for name, sql in fields.items() %}'{{ name }}', {{ sql }}{{ ', ' if not loop.last }}{% endfor %})
{%- endmacro %}
{% macro duckdb__struct_of(fields) -%}
    struct_pack({% for name, sql in fields.items() %}{{ name }} := {{ sql }}{{ ', ' if not loop.last }}{% endfor %})
{%- endmacro %}

{#- The type of such a struct, from the types of its fields. -#}
{% macro struct_type(fields) -%}
    {{ adapter.dispatch('struct_type')(fields) }}
{%- endmacro %}
{% macro default__struct_type(fields) -%}
    struct<{% for name, type in fields.items() %}{{ name }}: {{ type }}{{ ', ' if not loop.last }}{% endfor %}>
{%- endmacro %}
{% macro duckdb__struct_type(fields) -%}
    struct({% for name, type in fields.items() %}{{ name }} {{ type }}{{ ', ' if not loop.last }}{% endfor %})
{%- endmacro %}

{#- Aggregate: the values of a group as a list in the order of one column. -#}
{% macro collect_list_by(value_sql, order_sql) -%}
    {{ adapter.dispatch('collect_list_by')(value_sql, order_sql) }}
{%- endmacro %}
{% macro default__collect_list_by(value_sql, order_sql) -%}
    transform(
        array_sort(collect_list(struct({{ order_sql }} as place, {{ value_sql }} as item))),
        one -> one.item
    )
{%- endmacro %}
{#- Not `list(… order by …)`: that takes six times as long. -#}
{% macro duckdb__collect_list_by(value_sql, order_sql) -%}
    list_transform(
        list_sort(list(struct_pack(place := {{ order_sql }}, item := {{ value_sql }}))),
        lambda one: one.item
    )
{%- endmacro %}

{#- A row for each item of a list: `select <columns>, <name> from <this>`. -#}
{% macro list_items(relation, columns, list_sql, name='item') -%}
    {{ adapter.dispatch('list_items')(relation, columns, list_sql, name) }}
{%- endmacro %}
{% macro default__list_items(relation, columns, list_sql, name) -%}
    select {{ columns | join(', ') }}, {{ name }}
    from {{ relation }}
    lateral view explode({{ list_sql }}) as {{ name }}
{%- endmacro %}
{% macro duckdb__list_items(relation, columns, list_sql, name) -%}
    select {{ columns | join(', ') }}, unnest({{ list_sql }}) as {{ name }}
    from {{ relation }}
{%- endmacro %}

{#- Lists: their type, empty, with one more, without one, whether it holds one, where, how many. -#}
{% macro list_type(type) -%}
    {{ adapter.dispatch('list_type')(type) }}
{%- endmacro %}
{% macro default__list_type(type) -%}
    array<{{ type }}>
{%- endmacro %}
{% macro duckdb__list_type(type) -%}
    {{ type }}[]
{%- endmacro %}

{% macro empty_list(type) -%}
    {{ adapter.dispatch('empty_list')(type) }}
{%- endmacro %}
{% macro default__empty_list(type) -%}
    cast(array() as {{ list_type(type) }})
{%- endmacro %}
{% macro duckdb__empty_list(type) -%}
    cast([] as {{ list_type(type) }})
{%- endmacro %}

{% macro list_with(list_sql, item_sql) -%}
    {{ adapter.dispatch('list_with')(list_sql, item_sql) }}
{%- endmacro %}
{% macro default__list_with(list_sql, item_sql) -%}
    array_append({{ list_sql }}, {{ item_sql }})
{%- endmacro %}
{% macro duckdb__list_with(list_sql, item_sql) -%}
    list_append({{ list_sql }}, {{ item_sql }})
{%- endmacro %}

{% macro list_without(list_sql, item_sql) -%}
    {{ adapter.dispatch('list_without')(list_sql, item_sql) }}
{%- endmacro %}
{% macro default__list_without(list_sql, item_sql) -%}
    array_remove({{ list_sql }}, {{ item_sql }})
{%- endmacro %}
{% macro duckdb__list_without(list_sql, item_sql) -%}
    list_filter({{ list_sql }}, lambda one: one <> {{ item_sql }})
{%- endmacro %}

{#- The items for which a condition over `name` holds. -#}
{% macro list_where(list_sql, name, condition) -%}
    {{ adapter.dispatch('list_where')(list_sql, name, condition) }}
{%- endmacro %}
{% macro default__list_where(list_sql, name, condition) -%}
    filter({{ list_sql }}, {{ name }} -> {{ condition }})
{%- endmacro %}
{% macro duckdb__list_where(list_sql, name, condition) -%}
    list_filter({{ list_sql }}, lambda {{ name }}: {{ condition }})
{%- endmacro %}

{% macro has_item(list_sql, item_sql) -%}
    {{ adapter.dispatch('has_item')(list_sql, item_sql) }}
{%- endmacro %}
{% macro default__has_item(list_sql, item_sql) -%}
    coalesce(array_contains({{ list_sql }}, {{ item_sql }}), false)
{%- endmacro %}
{% macro duckdb__has_item(list_sql, item_sql) -%}
    coalesce(list_contains({{ list_sql }}, {{ item_sql }}), false)
{%- endmacro %}

{#- The value that stands in `values` where `item` stands in `list`; null where it does not. -#}
{% macro item_beside(list_sql, item_sql, values_sql) -%}
    {{ adapter.dispatch('item_beside')(list_sql, item_sql, values_sql) }}
{%- endmacro %}
{% macro default__item_beside(list_sql, item_sql, values_sql) -%}
    try_element_at({{ values_sql }}, cast(nullif(array_position({{ list_sql }}, {{ item_sql }}), 0) as int))
{%- endmacro %}
{% macro duckdb__item_beside(list_sql, item_sql, values_sql) -%}
    list_extract({{ values_sql }}, nullif(list_position({{ list_sql }}, {{ item_sql }}), 0))
{%- endmacro %}

{% macro list_size(list_sql) -%}
    {{ adapter.dispatch('list_size')(list_sql) }}
{%- endmacro %}
{% macro default__list_size(list_sql) -%}
    size({{ list_sql }})
{%- endmacro %}
{% macro duckdb__list_size(list_sql) -%}
    len({{ list_sql }})
{%- endmacro %}

{#- An expression in which `name` stands for a struct that is worked out once. -#}
{% macro let(name, fields, expression) -%}
    {{ adapter.dispatch('let')(name, fields, expression) }}
{%- endmacro %}
{% macro default__let(name, fields, expression) -%}
    element_at(transform(array({{ struct_of(fields) }}), {{ name }} -> {{ expression }}), 1)
{%- endmacro %}
{% macro duckdb__let(name, fields, expression) -%}
    list_extract(list_transform([{{ struct_of(fields) }}], lambda {{ name }}: {{ expression }}), 1)
{%- endmacro %}

{#- Each value of a list once. -#}
{% macro distinct_items(list_sql) -%}
    {{ adapter.dispatch('distinct_items')(list_sql) }}
{%- endmacro %}
{% macro default__distinct_items(list_sql) -%}
    array_distinct({{ list_sql }})
{%- endmacro %}
{% macro duckdb__distinct_items(list_sql) -%}
    list_distinct({{ list_sql }})
{%- endmacro %}

{#- The item at a place, counted from 1. -#}
{% macro item_at(list_sql, place_sql) -%}
    {{ adapter.dispatch('item_at')(list_sql, place_sql) }}
{%- endmacro %}
{% macro default__item_at(list_sql, place_sql) -%}
    element_at({{ list_sql }}, {{ place_sql }})
{%- endmacro %}
{% macro duckdb__item_at(list_sql, place_sql) -%}
    list_extract({{ list_sql }}, {{ place_sql }})
{%- endmacro %}
