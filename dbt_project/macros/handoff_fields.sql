{#- Fields that an agreement may require of a hand-off (ingestion/agreement lists the same; a test
    compares the two): columns of a person's records. -#}
{% macro handoff_fields() %}
    {{ return([
        'email', 'first_name', 'last_name', 'title', 'phone', 'company', 'country', 'lead_source',
        'campaign', 'persona', 'score'
    ]) }}
{% endmacro %}

{#- What sales says about a hand-off: fields of a person's records. -#}
{% macro feedback_fields() %}
    {{ return(['reason', 'quality_rating']) }}
{% endmacro %}

{#- Whether a value looks like what the agreement wants: an address, or at least seven digits. -#}
{% macro is_well_formed(value_sql, format_sql) -%}
    case {{ format_sql }}
        when 'email' then {{ normalised_email(value_sql) }} is not null
        when 'phone' then length({{ digits_of(value_sql) }}) >= 7
        else true
    end
{%- endmacro %}

{% macro digits_of(text_sql) -%}
    {{ adapter.dispatch('digits_of')(text_sql) }}
{%- endmacro %}
{% macro default__digits_of(text_sql) -%}
    regexp_replace({{ text_sql }}, '[^0-9]', '')
{%- endmacro %}
{% macro duckdb__digits_of(text_sql) -%}
    regexp_replace({{ text_sql }}, '[^0-9]', '', 'g')
{%- endmacro %}

{#- What a required field is like, from its value. -#}
{% macro field_state(value_sql, format_sql, field_sql) -%}
    case
        when {{ value_sql }} is null then 'missing'
        when {{ is_placeholder(value_sql) }} then 'placeholder'
        when {{ field_sql }} = 'email' and {{ is_placeholder_email(normalised_email(value_sql)) }}
            then 'placeholder'
        when not {{ is_well_formed(value_sql, format_sql) }} then 'malformed'
        else 'present'
    end
{%- endmacro %}

{#- The state at a place of the order in which records are believed; without a record that of `otherwise`. -#}
{% macro state_at_place(place_sql, otherwise) -%}
    case coalesce({{ place_sql }}, {{ otherwise }})
        when 1 then 'present'
        when 2 then 'unknown'
        when 3 then 'malformed'
        when 4 then 'placeholder'
        else 'missing'
    end
{%- endmacro %}
