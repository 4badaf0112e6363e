{{ config(materialized='view') }}

{{ delivered_rows(
    'owners',
    texts=['name', 'email', 'manager', 'time_zone'],
    mapped=['team', 'region', 'kind'],
    booleans=['is_active']
) }}
