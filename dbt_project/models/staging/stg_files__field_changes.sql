{{ latest_versions('base_files__field_changes', 'field_changes') }}
