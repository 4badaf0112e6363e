{{ latest_versions('base_files__owners', 'owners') }}
