{{ latest_versions(
    'base_files__accounts',
    'accounts',
    version_at='coalesce(updated_at, exported_at)',
    has_deletions=true
) }}
