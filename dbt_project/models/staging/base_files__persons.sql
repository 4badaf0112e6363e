{{ config(materialized='view') }}

{{ delivered_rows(
    'persons',
    texts=[
        'email', 'first_name', 'last_name', 'title', 'phone', 'company', 'time_zone', 'owner_id',
        'account_id', 'account_source', 'linked_id', 'linked_source', 'converted_id', 'converted_account_id',
        'converted_opportunity_id', 'merged_into_id', 'merged_ids'
    ],
    mapped=[
        'record_type', 'industry', 'country', 'lead_source', 'campaign', 'persona', 'status',
        'lifecycle_stage', 'reason', 'quality_rating'
    ],
    timestamps=['status_at', 'lifecycle_stage_at', 'converted_at', 'created_at', 'updated_at', 'deleted_at'],
    numbers=['employees', 'revenue', 'score'],
    booleans=['is_deleted'],
    has_stamps=true
) }}
