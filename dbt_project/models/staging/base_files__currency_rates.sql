{{ config(materialized='view') }}

{{ delivered_rows(
    'currency_rates',
    mapped=['currency', 'to_currency'],
    timestamps=['rate_date', 'updated_at'],
    numbers=['rate'],
    id_sql="c.export || '/' || c.record_id"
) }}
