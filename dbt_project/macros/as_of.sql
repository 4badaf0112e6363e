{#- Whether a fact had happened by as_of. A date-only fact happened if its day is not after as_of's. -#}
{% macro happened_by(at_sql, precision_sql, context='ctx') -%}
    (
        ({{ precision_sql }} = 'day' and cast({{ at_sql }} as date) <= {{ context }}.as_of_date)
        or ({{ precision_sql }} <> 'day' and {{ at_sql }} < {{ context }}.as_of)
    )
{%- endmacro %}
