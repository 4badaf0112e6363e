{{ config(materialized='view') }}

{{ delivered_rows(
    'field_changes',
    texts=['changed_record_id', 'changed_by'],
    mapped=['record_entity', 'field', 'value_kind', 'old_value', 'new_value'],
    timestamps=['changed_at'],
    id_sql="c.export || '/' || c.record_id"
) }}
