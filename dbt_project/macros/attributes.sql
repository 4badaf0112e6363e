{#-
    What the records of one person or account say in the agreement's order of sources: the column, and the
    agreement's name of the attribute. `texts` may hold a placeholder in the place of a value.
-#}
{% macro person_attributes() %}
    {{ return({
        'texts': [
            ('first_name', 'first_name'), ('last_name', 'last_name'), ('title', 'title'),
            ('phone', 'phone'), ('company', 'company'), ('industry', 'default'), ('country', 'country'),
            ('time_zone', 'time_zone'), ('persona', 'persona'),
            ('status', 'status'), ('lifecycle_stage', 'lifecycle_stage'),
            ('current_lead_source', 'lead_source'), ('current_campaign', 'campaign')
        ],
        'others': [
            ('email', 'email'), ('employees', 'default'), ('revenue', 'default'), ('score', 'score'), ('record_type', 'default'), ('owner_key', 'owner_id'),
            ('stored_account_key', 'default'), ('domain_account_key', 'email'),
            ('is_domain_ambiguous', 'email')
        ]
    }) }}
{% endmacro %}

{% macro account_attributes() %}
    {{ return({
        'texts': [
            ('name', 'name'), ('domain', 'domain'), ('industry', 'industry'), ('account_type', 'default'),
            ('country', 'country')
        ],
        'others': [
            ('employees', 'employees'), ('revenue', 'revenue'), ('owner_key', 'owner_id'),
            ('margin', 'default'), ('customer_since', 'default'), ('customer_until', 'default')
        ]
    }) }}
{% endmacro %}
