{#- First day of the period that a month belongs to; null for `all`, the whole time. -#}
{% macro period_start(month_sql, period_type) -%}
    {%- if period_type == 'all' -%}
    cast(null as date)
    {%- else -%}
    cast({{ dbt.date_trunc(period_type, month_sql) }} as date)
    {%- endif -%}
{%- endmacro %}

{#- Whether a period began before the sources of a stage pair began to know anything. -#}
{% macro is_left_truncated(row_alias, pair_alias) -%}
    (
        {{ pair_alias }}.history_start is not null
        and (
            {{ row_alias }}.period_start is null
            or {{ row_alias }}.period_start < {{ pair_alias }}.history_start
        )
    )
{%- endmacro %}
