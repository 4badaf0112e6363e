{{ latest_versions('base_files__opportunity_persons', 'opportunity_persons') }}
