with owners as (
    select * from {{ ref('stg_files__owners') }}
)

select
    record_key as owner_key,
    source,
    name,
    email,
    team,
    manager,
    region,
    coalesce(is_active, true) and not is_record_deleted as is_active
from owners
