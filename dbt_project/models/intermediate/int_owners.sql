with owners as (
    select * from {{ ref('stg_files__owners') }}
),

excluded_users as (
    select e.user_id
    from {{ source('agreement', 'excluded_users') }} as e
    inner join {{ ref('int_agreement_versions') }} as v on e.version = v.version and v.is_in_force
)

select
    o.record_key as owner_key,
    o.source,
    o.name,
    o.email,
    o.team,
    o.manager,
    o.region,
    o.time_zone,
    case when e.user_id is not null then 'machine' else coalesce(o.kind, 'person') end as kind,
    coalesce(o.is_active, true) and not o.is_record_deleted as is_active
from owners as o
left join excluded_users as e on o.record_id = e.user_id
