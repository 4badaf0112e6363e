{{ latest_versions(
    'base_files__persons',
    'persons',
    version_at='coalesce(updated_at, exported_at)',
    deleted_flag='is_deleted'
) }}
