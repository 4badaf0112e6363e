with records as (
    select r.*, p.person_key
    from {{ ref('int_person_records') }} as r
    inner join {{ ref('int_persons_resolved') }} as p on r.record_key = p.record_key
),

context as (
    select * from {{ source('ops', 'run_context') }}
),

-- Somebody is there as long as one of their records is.
gone_persons as (
    select person_key
    from records
    group by person_key
    having min(case when is_deleted then 1 else 0 end) = 1
),

ranked as (
    select
        r.person_key,
        r.deleted_at,
        r.deleted_at_precision,
        {{ moment('r.deleted_at', 'r.deleted_at_precision', 'ctx.reporting_time_zone') }} as moment,
        {{ reporting_date(
            'r.deleted_at', 'r.deleted_at_precision', 'ctx.reporting_time_zone'
        ) }} as deleted_date,
        row_number() over (
            partition by r.person_key
            order by
                {{ moment('r.deleted_at', 'r.deleted_at_precision', 'ctx.reporting_time_zone') }} desc,
                r.record_key
        ) as recency
    from records as r
    cross join context as ctx
    inner join gone_persons as g on r.person_key = g.person_key
)

select person_key, deleted_at, deleted_at_precision, moment, deleted_date
from ranked
where recency = 1
