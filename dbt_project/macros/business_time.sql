{#- Clocks run on one axis for each agreement version, calendar and zone: int_business_time. -#}

{#- Whether the engine can convert to this zone. -#}
{% macro is_time_zone(zone_sql) -%}
    {{ adapter.dispatch('is_time_zone')(zone_sql) }}
{%- endmacro %}
{% macro default__is_time_zone(zone_sql) -%}
    ({{ zone_sql }} = 'UTC' or {{ zone_sql }} rlike '^[A-Z][A-Za-z]+/[A-Z][A-Za-z_+-/]+$')
{%- endmacro %}
{% macro duckdb__is_time_zone(zone_sql) -%}
    ({{ zone_sql }} in (select name from pg_timezone_names()))
{%- endmacro %}

{#- Which seconds of the axis go into one slot of int_business_slots. -#}
{% macro business_slot(seconds_sql) -%}
    cast(floor(({{ seconds_sql }}) / 86400) as bigint)
{%- endmacro %}

{#- Business seconds on the axis at a moment, from the piece of int_business_time that holds it. -#}
{% macro business_seconds_at(piece, moment_sql) -%}
    (
        {{ piece }}.seconds_before
        + case
            when {{ piece }}.is_open then {{ seconds_between(piece ~ '.from_at', moment_sql) }} else 0
        end
    )
{%- endmacro %}
