{#- The entities of files, as staging has them. -#}
{% macro file_entities() %}
    {{ return([
        'persons', 'accounts', 'opportunities', 'owners', 'products', 'contents', 'campaigns',
        'activities', 'field_changes', 'opportunity_persons', 'opportunity_snapshots',
        'currency_rates'
    ]) }}
{% endmacro %}
