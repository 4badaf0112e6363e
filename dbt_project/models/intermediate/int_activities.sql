with activities as (
    select
        a.*,
        {{ reference_key('a', 'person_id', 'person_source') }} as person_record_key,
        {{ reference_key('a', 'owner_id') }} as owner_key
    from {{ ref('stg_files__activities') }} as a
),

persons as (
    select * from {{ ref('int_persons_resolved') }}
),

context as (
    select * from {{ source('ops', 'run_context') }}
)

select
    a.record_key as activity_key,
    a.source,
    a.instance,
    a.person_record_key,
    p.person_key,
    a.activity_type,
    a.direction,
    coalesce(a.is_automated, false) as is_automated,
    a.is_completed,
    a.owner_id,
    a.owner_key,
    a.content,
    a.content_source,
    a.campaign,
    a.occurred_at,
    a.occurred_at_precision
from activities as a
cross join context as ctx
left join persons as p on a.person_record_key = p.record_key
where {{ happened_by('a.occurred_at', 'a.occurred_at_precision') }}
