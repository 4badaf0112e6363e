{{ config(materialized='view') }}

{{ delivered_rows(
    'opportunity_persons',
    texts=['opportunity_id', 'person_id', 'person_source'],
    mapped=['role'],
    timestamps=['created_at'],
    booleans=['is_primary'],
    id_sql="c.export || '/' || c.record_id"
) }}
