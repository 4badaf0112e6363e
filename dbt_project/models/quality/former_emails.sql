with records as (
    select * from {{ ref('int_person_records') }}
),

resolved as (
    select * from {{ ref('int_persons_resolved') }}
),

versions as (
    select record_key, {{ normalised_email('email') }} as email, exported_at as known_at
    from {{ ref('stg_files__person_versions') }}
),

changes as (
    select
        {{ reference_key('c', 'changed_record_id') }} as record_key,
        {{ normalised_email('c.old_value') }} as email,
        c.changed_at as known_at
    from {{ ref('stg_files__field_changes') }} as c
    where c.record_entity = 'persons' and c.field = 'email'
),

role_mailboxes as (
    select lower(r.mailbox) as mailbox
    from {{ source('agreement', 'role_mailboxes') }} as r
    inner join {{ ref('int_agreement_versions') }} as v on r.version = v.version and v.is_in_force
),

context as (
    select * from {{ source('ops', 'run_context') }}
),

addresses as (
    select record_key, email, known_at from versions where email is not null
    union all
    select record_key, email, known_at from changes where email is not null
),

former as (
    select a.record_key, a.email, max(a.known_at) as last_known_at
    from addresses as a
    inner join records as r on a.record_key = r.record_key
    cross join context as ctx
    left join role_mailboxes as m on {{ mailbox('a.email') }} = m.mailbox
    where
        a.known_at < ctx.as_of
        and a.email is distinct from r.email_normalised
        and m.mailbox is null
        and not {{ is_placeholder_email('a.email') }}
    group by a.record_key, a.email
),

current_holders as (
    select r.email_normalised as email, p.person_key, min(r.record_key) as record_key
    from records as r
    inner join resolved as p on r.record_key = p.record_key
    where r.email_normalised is not null
    group by r.email_normalised, p.person_key
)

select
    f.record_key,
    p.person_key,
    f.email,
    f.last_known_at,
    h.record_key as other_record_key,
    h.person_key as other_person_key
from former as f
inner join resolved as p on f.record_key = p.record_key
left join current_holders as h on f.email = h.email and p.person_key <> h.person_key
