{{ latest_versions('base_files__products', 'products') }}
