{{ latest_versions('base_files__opportunity_snapshots', 'opportunity_snapshots') }}
