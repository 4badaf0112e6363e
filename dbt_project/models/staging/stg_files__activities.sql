{{ latest_versions('base_files__activities', 'activities') }}
