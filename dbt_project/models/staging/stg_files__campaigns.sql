{{ latest_versions(
    'base_files__campaigns',
    'campaigns',
    version_at='coalesce(updated_at, exported_at)',
    has_deletions=true
) }}
