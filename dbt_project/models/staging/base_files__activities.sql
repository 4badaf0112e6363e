{{ config(materialized='view') }}

{{ delivered_rows(
    'activities',
    texts=['person_id', 'person_source', 'owner_id', 'content', 'content_source', 'subject'],
    mapped=['activity_type', 'direction', 'campaign'],
    timestamps=['occurred_at'],
    booleans=['is_automated', 'is_completed'],
    id_sql="c.export || '/' || c.record_id"
) }}
