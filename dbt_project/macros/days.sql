{#- Numbers from 0 to 10^digits - 1, one a row in `number`: no engine's own series, no recursion. -#}
{% macro numbers_below(digits) -%}
    select
        {% for place in range(digits) -%}
        {{ '+ ' if not loop.first }}{{ 10 ** place }} * d{{ place }}.digit
        {%- endfor %} as number
    from
        {%- for place in range(digits) %}
        {{ 'cross join ' if not loop.first }}(
            {%- for digit in range(10) %}
            select {{ digit }} as digit {{- ' union all' if not loop.last }}
            {%- endfor %}
        ) as d{{ place }}
        {%- endfor %}
{%- endmacro %}

{#- A day some days later. Not every engine's dateadd gives a date back. -#}
{% macro days_later(date_sql, days_sql) -%}
    cast({{ dbt.dateadd('day', days_sql, date_sql) }} as date)
{%- endmacro %}

{#- 1 is Monday. Counted from a Monday, because engines number weekdays differently. -#}
{% macro iso_weekday(date_sql) -%}
    mod(mod({{ days_between("date '2001-01-01'", date_sql) }}, 7) + 7, 7) + 1
{%- endmacro %}

{#- The moment of HH:MM of a day in a zone, UTC; 24:00 is the next day's start. -#}
{% macro moment_of_day(date_sql, time_sql, zone_sql) -%}
    {{ to_utc(
        dbt.dateadd(
            'minute',
            'cast(60 * cast(' ~ dbt.split_part(time_sql, "':'", 1) ~ ' as integer)'
            ~ ' + cast(' ~ dbt.split_part(time_sql, "':'", 2) ~ ' as integer) as integer)',
            'cast(' ~ date_sql ~ ' as timestamp)'
        ),
        zone_sql
    ) }}
{%- endmacro %}
