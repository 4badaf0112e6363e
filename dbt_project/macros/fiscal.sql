{#-
    First day of the fiscal quarter or fiscal year that a day belongs to. Months are shifted, so that the
    fiscal year becomes a calendar year, and shifted back: with January nothing moves, and quarters of
    a year that starts in April, July or October are calendar quarters.
-#}
{% macro fiscal_period_start(date_sql, period_type, start_month_sql) -%}
    cast(
        {{ dbt.dateadd('month', '(' ~ start_month_sql ~ ' - 1)', dbt.date_trunc(
            period_type,
            dbt.dateadd('month', '(1 - ' ~ start_month_sql ~ ')', dbt.date_trunc('month', date_sql))
        )) }}
        as date
    )
{%- endmacro %}
