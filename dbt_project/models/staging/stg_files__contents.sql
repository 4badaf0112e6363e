{{ latest_versions(
    'base_files__contents',
    'contents',
    version_at='coalesce(updated_at, exported_at)',
    has_deletions=true
) }}
