select count(*) as row_count from {{ source('ops', 'run_context') }} having count(*) <> 1
