with settings as (
    select * from {{ ref('int_agreed_settings') }}
),

context as (
    select * from {{ source('ops', 'run_context') }}
),

-- Where no source delivers activities, silence says nothing.
heard_sources as (
    select distinct source from {{ ref('int_activities') }}
),

heard_persons as (
    select distinct p.person_key
    from {{ ref('int_persons_resolved') }} as p
    inner join {{ ref('int_person_records') }} as r on p.record_key = r.record_key
    inner join heard_sources as h on r.source = h.source
),

signs_of_life as (
    select
        person_key, moment, precision,
        lead(moment) over (partition by person_key order by moment) as next_moment
    from {{ ref('int_signals') }}
    where is_sign_of_life and moment is not null
),

silences as (
    select
        s.person_key,
        {{ dbt.dateadd('day', 't.expiry_days', 's.moment') }} as expires_at,
        s.moment as last_sign_at,
        s.next_moment
    from signs_of_life as s
    cross join settings as t
    where t.expiry_days is not null
)

select
    s.person_key,
    s.last_sign_at,
    s.expires_at,
    {{ reporting_date('s.expires_at', "'second'", 'ctx.reporting_time_zone') }} as expires_on
from silences as s
cross join context as ctx
inner join heard_persons as h on s.person_key = h.person_key
where
    s.expires_at < ctx.as_of
    and (s.next_moment is null or s.next_moment > s.expires_at)
