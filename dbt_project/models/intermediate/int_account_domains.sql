with records as (
    select * from {{ ref('int_account_records') }}
),

resolved as (
    select * from {{ ref('int_accounts_resolved') }}
),

free_mail as (
    select lower(f.domain) as domain
    from {{ source('agreement', 'free_mail_domains') }} as f
    inner join {{ ref('int_agreement_versions') }} as v on f.version = v.version and v.is_in_force
),

used as (
    select distinct r.domain_normalised as domain, a.account_key
    from records as r
    inner join resolved as a on r.record_key = a.record_key
    left join free_mail as f on r.domain_normalised = f.domain
    where r.domain_normalised is not null and not r.is_deleted and f.domain is null
),

-- The account's key names its oldest record.
ranked as (
    select
        u.domain,
        u.account_key,
        count(*) over (partition by u.domain) > 1 as is_ambiguous,
        row_number() over (
            partition by u.domain
            order by r.created_at asc nulls last, r.record_id asc, u.account_key asc
        ) as choice
    from used as u
    inner join records as r on u.account_key = r.record_key
)

select domain, account_key, is_ambiguous from ranked where choice = 1
