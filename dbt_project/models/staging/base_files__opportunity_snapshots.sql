{{ config(materialized='view') }}

{{ delivered_rows(
    'opportunity_snapshots',
    texts=['opportunity_id', 'owner_id'],
    mapped=['stage', 'currency', 'forecast_category'],
    timestamps=['expected_close_at', 'taken_at'],
    numbers=['amount', 'probability'],
    id_sql="c.export || '/' || c.record_id"
) }}
