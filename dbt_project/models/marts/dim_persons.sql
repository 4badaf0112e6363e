with persons as (
    select * from {{ ref('int_persons') }}
),

fits as (
    select * from {{ ref('int_person_fits') }}
),

erased_keys as (
    select * from {{ source('erasures', 'erased_keys') }}
),

-- Erased by its key, or come later with an address that was erased: what stands in for it tells.
erased_records as (
    select erased_key as record_key from erased_keys where kind = 'record'
    union
    select r.record_key
    from {{ ref('int_person_records') }} as r
    inner join erased_keys as k on r.email_normalised = k.stand_in and k.kind = 'email'
),

erased_persons as (
    select distinct p.person_key
    from erased_records as e
    inner join {{ ref('int_persons_resolved') }} as p on e.record_key = p.record_key
)

select
    {%- for profile in profiles() %}
    f.{{ profile }}_profile,
    f.{{ profile }}_fit,
    {%- endfor %}
    p.person_key,
    p.first_seen_at,
    cast(p.record_count as integer) as record_count,
    p.is_placeholder,
    p.is_deleted,
    e.person_key is not null as is_erased,
    p.lead_source,
    p.campaign,
    p.country,
    p.persona,
    p.account_key,
    p.account_match,
    p.is_account_match_ambiguous,
    p.is_email_ambiguous,
    p.owner_key
from persons as p
left join fits as f on p.person_key = f.person_key
left join erased_persons as e on p.person_key = e.person_key
