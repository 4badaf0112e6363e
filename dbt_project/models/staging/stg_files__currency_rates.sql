{{ latest_versions(
    'base_files__currency_rates', 'currency_rates', version_at='coalesce(updated_at, exported_at)'
) }}
