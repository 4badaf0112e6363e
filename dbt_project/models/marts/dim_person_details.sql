with persons as (
    select * from {{ ref('int_persons') }} where not is_placeholder
),

resolved as (
    select * from {{ ref('int_persons_resolved') }}
),

records as (
    select
        p.person_key,
        r.record_key,
        r.email_normalised as email,
        case when not {{ is_placeholder('r.phone') }} then r.phone end as phone
    from {{ ref('int_person_records') }} as r
    inner join resolved as p on r.record_key = p.record_key
),

emails as (
    select person_key, {{ dbt.listagg('email', "'; '", 'order by email') }} as emails
    from (select distinct person_key, email from records where email is not null) as known
    group by person_key
),

phones as (
    select person_key, {{ dbt.listagg('phone', "'; '", 'order by phone') }} as phones
    from (select distinct person_key, phone from records where phone is not null) as known
    group by person_key
),

keys as (
    select person_key, {{ dbt.listagg('record_key', "'; '", 'order by record_key') }} as record_keys
    from records
    group by person_key
)

select
    p.person_key,
    p.first_name,
    p.last_name,
    p.email,
    p.phone,
    p.title,
    p.company,
    e.emails,
    h.phones,
    k.record_keys
from persons as p
inner join keys as k on p.person_key = k.person_key
left join emails as e on p.person_key = e.person_key
left join phones as h on p.person_key = h.person_key
