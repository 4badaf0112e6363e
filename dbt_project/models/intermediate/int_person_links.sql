with records as (
    select * from {{ ref('int_person_records') }}
),

role_mailboxes as (
    select r.mailbox
    from {{ source('agreement', 'role_mailboxes') }} as r
    inner join {{ ref('int_agreement_versions') }} as v on r.version = v.version and v.is_in_force
),

stored as (
    select record_key, linked_record_key as other_record_key, 'stored_id' as kind
    from records
    where linked_record_key is not null
    union all
    select record_key, converted_record_key, 'conversion'
    from records
    where converted_record_key is not null
    union all
    select record_key, merged_into_record_key, 'merge'
    from records
    where merged_into_record_key is not null
),

hard as (
    select s.record_key, s.other_record_key, s.kind, 'hard' as strength
    from stored as s
    inner join records as o on s.other_record_key = o.record_key
),

personal_emails as (
    select r.record_key, r.email_normalised
    from records as r
    left join role_mailboxes as m
        on {{ dbt.split_part('r.email_normalised', "'@'", 1) }} = m.mailbox
    where r.email_normalised is not null and m.mailbox is null
),

-- Each record to one record of the same address: as connected as all pairs, without their number.
same_email as (
    select
        record_key,
        min(record_key) over (partition by email_normalised) as other_record_key,
        'email' as kind,
        'email' as strength
    from personal_emails
)

select record_key, other_record_key, kind, strength from hard
union all
select record_key, other_record_key, kind, strength from same_email
where record_key <> other_record_key
