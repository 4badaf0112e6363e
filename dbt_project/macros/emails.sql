{#- The form in which two e-mail addresses are compared; null where it is no address. -#}
{% macro normalised_email(email_sql) -%}
    case
        when {{ email_sql }} like '%_@_%._%' then lower(trim({{ email_sql }}))
    end
{%- endmacro %}
