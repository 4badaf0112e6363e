{#- Engine differences in time stand here, each behind dispatch with a portable default. -#}

{#- A local timestamp of a zone as UTC. -#}
{% macro to_utc(timestamp_sql, zone_sql) -%}
    {{ adapter.dispatch('to_utc')(timestamp_sql, zone_sql) }}
{%- endmacro %}
{% macro default__to_utc(timestamp_sql, zone_sql) -%}
    to_utc_timestamp({{ timestamp_sql }}, {{ zone_sql }})
{%- endmacro %}
{% macro duckdb__to_utc(timestamp_sql, zone_sql) -%}
    timezone('UTC', timezone({{ zone_sql }}, {{ timestamp_sql }}))
{%- endmacro %}

{#- A UTC timestamp as local time of a zone. -#}
{% macro to_zone(timestamp_sql, zone_sql) -%}
    {{ adapter.dispatch('to_zone')(timestamp_sql, zone_sql) }}
{%- endmacro %}
{% macro default__to_zone(timestamp_sql, zone_sql) -%}
    from_utc_timestamp({{ timestamp_sql }}, {{ zone_sql }})
{%- endmacro %}
{% macro duckdb__to_zone(timestamp_sql, zone_sql) -%}
    timezone({{ zone_sql }}, timezone('UTC', {{ timestamp_sql }}))
{%- endmacro %}

{#- The business day of a fact. A date-only value is never shifted. -#}
{% macro reporting_date(timestamp_sql, precision_sql, zone_sql) -%}
    case
        when {{ precision_sql }} = 'day' then cast({{ timestamp_sql }} as date)
        else cast({{ to_zone(timestamp_sql, zone_sql) }} as date)
    end
{%- endmacro %}

{#- The instant of a fact in UTC; what is known by its date only begins with its day. -#}
{% macro moment(timestamp_sql, precision_sql, zone_sql) -%}
    case
        when {{ precision_sql }} = 'day' then {{ to_utc(timestamp_sql, zone_sql) }}
        else {{ timestamp_sql }}
    end
{%- endmacro %}

{#- The same moment as people read it: a day, or local time. -#}
{% macro reporting_text(timestamp_sql, precision_sql, zone_sql) -%}
    case
        when {{ precision_sql }} = 'day' then cast(cast({{ timestamp_sql }} as date) as varchar)
        else cast({{ to_zone(timestamp_sql, zone_sql) }} as varchar)
    end
{%- endmacro %}

{#- Elapsed seconds. Not dbt.datediff: it counts boundaries on one engine and rounds up on another. -#}
{% macro seconds_between(start_sql, end_sql) -%}
    {{ adapter.dispatch('seconds_between')(start_sql, end_sql) }}
{%- endmacro %}
{% macro default__seconds_between(start_sql, end_sql) -%}
    (unix_timestamp({{ end_sql }}) - unix_timestamp({{ start_sql }}))
{%- endmacro %}
{% macro duckdb__seconds_between(start_sql, end_sql) -%}
    (epoch({{ end_sql }}) - epoch({{ start_sql }}))
{%- endmacro %}

{#- Calendar days from one date to another; negative where the second is earlier. -#}
{% macro days_between(start_sql, end_sql) -%}
    {{ dbt.datediff(start_sql, end_sql, 'day') }}
{%- endmacro %}

{#- Days from one fact to another: calendar days as soon as one of them is known by its date only. -#}
{% macro elapsed_days(start_at, start_date, start_precision, end_at, end_date, end_precision) -%}
    case
        when {{ start_precision }} = 'day' or {{ end_precision }} = 'day'
            then cast({{ days_between(start_date, end_date) }} as double)
        else cast({{ seconds_between(start_at, end_at) }} as double) / 86400.0
    end
{%- endmacro %}

{#- Bounds of what has no known beginning and no end yet: comparable, where null would not be. -#}
{% macro since_ever() -%} timestamp '0001-01-01 00:00:00' {%- endmacro %}
{% macro until_ever() -%} timestamp '9999-12-31 00:00:00' {%- endmacro %}

{#- as_of is an exclusive instant: what holds at it is what held directly before. -#}
{% macro just_before(timestamp_sql) -%}
    {{ dbt.dateadd('second', -1, timestamp_sql) }}
{%- endmacro %}

{#- The moment some seconds, or parts of them, later. -#}
{% macro seconds_later(timestamp_sql, seconds_sql) -%}
    {{ adapter.dispatch('seconds_later')(timestamp_sql, seconds_sql) }}
{%- endmacro %}
{% macro default__seconds_later(timestamp_sql, seconds_sql) -%}
    ({{ timestamp_sql }} + make_dt_interval(0, 0, 0, {{ seconds_sql }}))
{%- endmacro %}
{% macro duckdb__seconds_later(timestamp_sql, seconds_sql) -%}
    ({{ timestamp_sql }} + to_microseconds(cast(round(({{ seconds_sql }}) * 1000000) as bigint)))
{%- endmacro %}
