{{ config(materialized='view') }}

{{ delivered_rows('products', texts=['name'], mapped=['family'], numbers=['list_price']) }}
