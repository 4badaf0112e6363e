{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook='{{ forget_persons("int_changed_persons") }}'
) }}

with changed_persons as (
    select * from {{ ref('int_changed_persons') }}
),

settings as (
    select * from {{ ref('int_agreed_settings') }}
),

signs_of_life as (
    select
        s.person_key,
        s.moment as last_sign_at,
        lead(s.moment) over (partition by s.person_key order by s.moment) as next_sign_at
    from {{ ref('int_signals') }} as s
    inner join changed_persons as c on s.person_key = c.person_key
    where s.is_sign_of_life and s.moment is not null
),

silences as (
    select
        s.person_key,
        s.last_sign_at,
        s.next_sign_at,
        {{ dbt.dateadd('day', 't.expiry_days', 's.last_sign_at') }} as expires_at
    from signs_of_life as s
    cross join settings as t
    where t.expiry_days is not null
)

select person_key, last_sign_at, expires_at
from silences
where next_sign_at is null or next_sign_at > expires_at
