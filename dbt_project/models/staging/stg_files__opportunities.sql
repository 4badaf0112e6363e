{{ latest_versions(
    'base_files__opportunities',
    'opportunities',
    version_at='coalesce(updated_at, exported_at)',
    has_deletions=true
) }}
