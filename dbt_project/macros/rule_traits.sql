{#- Attributes that a rule may look at and that may be unknown (ingestion/agreement lists the same; a
    test compares the two): field of the agreement, column in int_person_traits, whether a number. -#}
{% macro rule_traits() %}
    {{ return([
        ('person.title', 'person_title', false), ('person.country', 'person_country', false),
        ('person.persona', 'person_persona', false),
        ('person.lead_source', 'person_lead_source', false),
        ('person.campaign', 'person_campaign', false),
        ('account.industry', 'account_industry', false),
        ('account.account_type', 'account_account_type', false),
        ('account.country', 'account_country', false),
        ('account.employees', 'account_employees', true),
        ('account.revenue', 'account_revenue', true),
        ('account.is_active_customer', 'account_is_active_customer', false)
    ]) }}
{% endmacro %}

{#- Whether an attribute meets a row of int_criterion_tests: a bound for numbers, else a value. -#}
{% macro trait_meets(column_sql, tests, is_number) -%}
    {%- if is_number -%}
    (
        ({{ tests }}.operator = 'at_least' and cast({{ column_sql }} as double) >= {{ tests }}.threshold)
        or ({{ tests }}.operator = 'at_most' and cast({{ column_sql }} as double) <= {{ tests }}.threshold)
    )
    {%- else -%}
    {{ column_sql }} = {{ tests }}.value
    {%- endif -%}
{%- endmacro %}
