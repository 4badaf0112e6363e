{{ config(materialized='view') }}

{{ delivered_rows(
    'owners',
    texts=['name', 'email', 'manager', 'time_zone'],
    mapped=['team', 'region'],
    booleans=['is_active']
) }}
