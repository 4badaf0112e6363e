{{ latest_versions(
    'base_files__persons',
    'persons',
    version_at='coalesce(updated_at, exported_at)',
    has_deletions=true
) }}
