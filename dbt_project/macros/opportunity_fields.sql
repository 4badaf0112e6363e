{#- What of an opportunity is followed over time: its column in the states, the canonical field. -#}
{% macro opportunity_fields() %}
    {{ return({
        'stage': 'stage', 'amount': 'amount', 'currency': 'currency', 'probability': 'probability',
        'forecast_category': 'forecast_category', 'expected_close_date': 'expected_close_at',
        'owner_key': 'owner_id'
    }) }}
{% endmacro %}

{#- A share, or null where it is none: what is above 1 was written in another unit. -#}
{% macro share(number_sql) -%}
    case when {{ number_sql }} between 0 and 1 then {{ number_sql }} end
{%- endmacro %}

{#- An amount as reports show it: four places, which is what sums are made of. -#}
{% macro money(number_sql) -%}
    round({{ number_sql }}, 4)
{%- endmacro %}

{#- What a stage means: what the source's own records agree on, else what its name says, else open. -#}
{% macro meant_outcome(agreed_outcome_sql, stage_sql) -%}
    coalesce(
        {{ agreed_outcome_sql }},
        case {{ stage_sql }} when 'closed_won' then 'won' when 'closed_lost' then 'lost' end,
        'open'
    )
{%- endmacro %}

{#-
    What wins and losses are always cut by, beside the agreement's segments; an agreement that uses one of
    these keys is refused (ingestion/agreement lists the same).
-#}
{% macro deal_segments() %}
    {{ return(['deal_owner', 'deal_product', 'deal_source', 'deal_competitor']) }}
{% endmacro %}
