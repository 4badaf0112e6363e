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
),

-- What stands in for erased values keeps counts as they were; it is no detail of anybody.
erased as (
    select person_key from {{ ref('dim_persons') }} where is_erased
)

select
    p.person_key,
    {%- for column in ['first_name', 'last_name', 'email', 'phone', 'title', 'company'] %}
    case when x.person_key is null then p.{{ column }} end as {{ column }},
    {%- endfor %}
    case when x.person_key is null then e.emails end as emails,
    case when x.person_key is null then h.phones end as phones,
    k.record_keys
from persons as p
inner join keys as k on p.person_key = k.person_key
left join emails as e on p.person_key = e.person_key
left join phones as h on p.person_key = h.person_key
left join erased as x on p.person_key = x.person_key
