{#- What an agreement may segment by (ingestion/agreement lists the same; a test compares the two):
    the attribute's column in int_journeys, by entity and field. -#}
{% macro segment_fields() %}
    {{ return([
        ('person', 'lead_source'), ('person', 'country'), ('person', 'campaign'),
        ('person', 'persona'), ('person', 'record_type'),
        ('account', 'industry'), ('account', 'account_type'), ('account', 'country'),
        ('owner', 'owner_key'), ('owner', 'team'), ('owner', 'manager'), ('owner', 'region'),
        ('opportunity', 'product'), ('opportunity', 'pipeline'), ('opportunity', 'opportunity_type'),
        ('opportunity', 'lead_source'), ('opportunity', 'currency'), ('opportunity', 'developer_key')
    ]) }}
{% endmacro %}

{#- What is followed through time: entity and field of segments, and of profiles beside them. -#}
{% macro followed_fields() %}
    {{ return(segment_fields() + [
        ('person', 'title'), ('account', 'employees'), ('account', 'revenue')
    ]) }}
{% endmacro %}
