{#- 60 and not 60.0, 0.5 and not .5: engines spell a double differently. -#}
{% macro plain_number(number_sql) -%}
    case
        when {{ number_sql }} = floor({{ number_sql }})
            then cast(cast({{ number_sql }} as bigint) as varchar)
        else cast(cast({{ number_sql }} as double) as varchar)
    end
{%- endmacro %}
