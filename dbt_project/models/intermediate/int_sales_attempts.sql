with activities as (
    select * from {{ ref('int_activities') }} where person_key is not null
),

activity_types as (
    select * from {{ source('agreement', 'activity_types') }} where is_attempt
),

versions as (
    select * from {{ ref('int_agreement_versions') }}
),

owners as (
    select * from {{ ref('int_owners') }}
),

excluded_users as (
    select * from {{ source('agreement', 'excluded_users') }}
),

context as (
    select * from {{ source('ops', 'run_context') }}
),

dated as (
    select
        a.*,
        {{ moment('a.occurred_at', 'a.occurred_at_precision', 'ctx.reporting_time_zone') }} as attempted_at,
        {{ reporting_date('a.occurred_at', 'a.occurred_at_precision', 'ctx.reporting_time_zone') }}
            as attempted_date
    from activities as a
    cross join context as ctx
    where a.occurred_at is not null
)

-- Completed, outbound, by a person: whatever a machine sends and whoever is unknown stops no clock.
select
    d.activity_key,
    d.person_key,
    d.owner_key,
    d.activity_type,
    d.attempted_at,
    d.attempted_date,
    d.occurred_at_precision as precision
from dated as d
inner join versions as v on d.attempted_date >= v.applies_from and d.attempted_date < v.applies_until
inner join activity_types as t on v.version = t.version and d.activity_type = t.activity_type
left join owners as o on d.owner_key = o.owner_key
left join excluded_users as e on v.version = e.version and d.owner_id = e.user_id
where
    coalesce(d.direction, t.direction) = 'outbound'
    and (not t.must_be_completed or d.is_completed)
    and not d.is_automated
    and d.owner_key is not null
    and coalesce(o.kind, 'person') = 'person'
    and e.user_id is null
