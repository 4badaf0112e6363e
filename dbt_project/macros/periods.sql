{#-
    First day of the period that a day or a month belongs to; null for `all`, the whole time. A quarter is
    one of the fiscal year in force.
-#}
{% macro period_start(month_sql, period_type) -%}
    {%- if period_type == 'all' -%}
    cast(null as date)
    {%- elif period_type == 'quarter' -%}
    {{ fiscal_period_start(
        month_sql, 'quarter', '(select max(fiscal_year_start_month) from ' ~ ref('int_agreed_settings') ~ ')'
    ) }}
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

{#- When an opportunity began: its creation, else its first dated stage, else nobody knows. -#}
{% macro opened_moment(alias, first_stage_date_sql, zone_sql) -%}
    coalesce(
        {{ alias }}.created_moment,
        {{ to_utc('cast(' ~ first_stage_date_sql ~ ' as timestamp)', zone_sql) }},
        {{ since_ever() }}
    )
{%- endmacro %}
