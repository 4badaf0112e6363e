{{ config(materialized='view') }}

{#- Ids of mails, pages and programs of one system may be equal: the file is part of the key. -#}
{{ delivered_rows(
    'contents',
    texts=['name', 'persona', 'buying_stage', 'campaign', 'owner_id', 'location'],
    mapped=['content_type', 'message_type', 'profile', 'owner_team'],
    timestamps=['created_at', 'updated_at', 'last_used_at', 'retired_at', 'deleted_at'],
    booleans=['is_retired', 'is_deleted'],
    id_sql="c.export || '/' || c.record_id"
) }}
