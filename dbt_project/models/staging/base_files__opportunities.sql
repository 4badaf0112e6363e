{{ config(materialized='view') }}

{{ delivered_rows(
    'opportunities',
    texts=[
        'name', 'person_id', 'person_source', 'account_id', 'account_source', 'owner_id', 'developer_id'
    ],
    mapped=[
        'pipeline', 'opportunity_type', 'product', 'stage', 'currency', 'forecast_category',
        'lead_source', 'campaign', 'loss_reason', 'competitor'
    ],
    timestamps=[
        'stage_at', 'created_at', 'closed_at', 'expected_close_at', 'updated_at', 'deleted_at'
    ],
    numbers=['amount', 'probability'],
    booleans=['is_closed', 'is_won', 'is_deleted'],
    has_stamps=true
) }}
