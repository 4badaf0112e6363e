{{ config(materialized='view') }}

{{ delivered_rows(
    'accounts',
    texts=['name', 'domain', 'owner_id', 'parent_id', 'linked_id', 'linked_source'],
    mapped=['industry', 'account_type', 'country'],
    timestamps=['customer_since', 'customer_until', 'created_at', 'updated_at', 'deleted_at'],
    numbers=['employees', 'revenue', 'margin'],
    booleans=['is_active_customer', 'is_deleted']
) }}
