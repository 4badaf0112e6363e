{#- Whether a number lies within the bounds of a condition; a bound that is null is none. -#}
{% macro is_between(number_sql, alias) -%}
    coalesce(
        {{ number_sql }} >= coalesce({{ alias }}.minimum, {{ number_sql }})
        and {{ number_sql }} <= coalesce({{ alias }}.maximum, {{ number_sql }}),
        false
    )
{%- endmacro %}

{#- Columns of one relation, as a list. -#}
{% macro prefixed(alias, columns) -%}
    {%- for column in columns %}{{ alias }}.{{ column }}{{ ', ' if not loop.last }}{% endfor -%}
{%- endmacro %}
