{{ config(materialized='view') }}

{#- Programs and the campaigns inside them may have equal ids: the file is part of the key. -#}
{{ delivered_rows(
    'campaigns',
    texts=['name', 'parent_id', 'owner_id', 'currency'],
    mapped=['campaign_type', 'status'],
    timestamps=['starts_at', 'ends_at', 'created_at', 'updated_at', 'deleted_at'],
    numbers=['cost'],
    booleans=['is_deleted'],
    id_sql="c.export || '/' || c.record_id"
) }}
