{%- set since_ever = "timestamp '0001-01-01 00:00:00'" -%}
{%- set zone = 'ctx.reporting_time_zone' -%}

with fit_fields as (
    select distinct field
    from {{ ref('int_compound_conditions') }}
    where field like 'person.%' or field like 'account.%'
),

person_records as (
    select
        r.*,
        p.person_key,
        coalesce({{ moment('r.created_at', 'r.created_at_precision', zone) }}, {{ since_ever }})
            as created_from,
        coalesce(
            {{ moment('r.converted_at', 'r.converted_at_precision', zone) }},
            {{ moment('r.created_at', 'r.created_at_precision', zone) }},
            {{ since_ever }}
        ) as converted_from
    from {{ ref('int_person_records') }} as r
    inner join {{ ref('int_persons_resolved') }} as p on r.record_key = p.record_key
    cross join {{ source('ops', 'run_context') }} as ctx
    where exists (select f.field from fit_fields as f)
),

account_records as (
    select
        r.*,
        a.account_key,
        coalesce({{ moment('r.created_at', 'r.created_at_precision', zone) }}, {{ since_ever }})
            as created_from
    from {{ ref('int_account_records') }} as r
    inner join {{ ref('int_accounts_resolved') }} as a on r.record_key = a.record_key
    cross join {{ source('ops', 'run_context') }} as ctx
    where exists (select f.field from fit_fields as f where f.field like 'account.%')
),

-- A person belongs to the account of each record: a lead also to the one that it was converted to.
memberships as (
    select person_key, account_record_key, created_from as known_from
    from person_records
    where account_record_key is not null
    union all
    select person_key, converted_account_record_key, converted_from
    from person_records
    where converted_account_record_key is not null
),

accounts_of_persons as (
    select m.person_key, a.account_key, min(m.known_from) as known_from
    from memberships as m
    inner join {{ ref('int_accounts_resolved') }} as a on m.account_record_key = a.record_key
    group by m.person_key, a.account_key
),

account_values as (
    select
        o.person_key,
        r.record_key,
        r.source,
        f.field,
        case f.field
            when 'account.industry' then r.industry
            when 'account.account_type' then r.account_type
            when 'account.country' then r.country
            when 'account.employees' then cast(r.employees as varchar)
            when 'account.revenue' then cast(r.revenue as varchar)
            when 'account.is_active_customer'
                then case
                    when r.is_active_customer then 'true'
                    when not r.is_active_customer then 'false'
                end
        end as value,
        greatest(o.known_from, r.created_from) as known_from
    from accounts_of_persons as o
    inner join account_records as r on o.account_key = r.account_key
    inner join fit_fields as f on f.field like 'account.%'
),

person_values as (
    select
        r.person_key,
        r.record_key,
        r.source,
        f.field,
        case f.field
            when 'person.title' then r.title
            when 'person.country' then r.country
            when 'person.persona' then r.persona
            when 'person.lead_source' then r.lead_source
            when 'person.campaign' then r.campaign
        end as value,
        r.created_from as known_from
    from person_records as r
    inner join fit_fields as f on f.field like 'person.%'
),

-- Of a company that may have no account yet. Named apart: an account may have a person's id.
told_values as (
    select
        r.person_key,
        r.record_key || '/company' as record_key,
        r.source,
        f.field,
        case f.field
            when 'account.industry' then r.industry
            when 'account.employees' then cast(r.employees as varchar)
            when 'account.revenue' then cast(r.revenue as varchar)
        end as value,
        r.created_from as known_from
    from person_records as r
    inner join fit_fields as f on f.field like 'account.%'
),

company_values as (
    select * from account_values
    union all
    select * from told_values
),

changes as (
    select
        c.record_key,
        f.field,
        c.old_value,
        c.new_value,
        c.has_happened,
        {{ moment('c.changed_at', 'c.changed_at_precision', zone) }} as changed_from,
        row_number() over (
            partition by c.record_key, f.field
            order by
                {{ moment('c.changed_at', 'c.changed_at_precision', zone) }}, c.chain_position,
                c.change_key
        ) as change_number
    from {{ ref('int_field_changes') }} as c
    inner join fit_fields as f on 'person.' || c.field = f.field
    cross join {{ source('ops', 'run_context') }} as ctx
    where c.record_entity = 'persons'
)

-- Without a history a value holds since its record exists; with one, that is the first old value.
select
    p.person_key,
    p.record_key,
    p.source,
    p.field,
    case when c.record_key is null then p.value else c.old_value end as value,
    case when c.changed_from < p.known_from then c.changed_from else p.known_from end as known_from,
    0 as value_number
from person_values as p
left join changes as c
    on p.record_key = c.record_key and p.field = c.field and c.change_number = 1
union all
select
    p.person_key,
    p.record_key,
    p.source,
    p.field,
    c.new_value,
    c.changed_from,
    c.change_number
from person_values as p
inner join changes as c on p.record_key = c.record_key and p.field = c.field
where c.has_happened
union all
select
    person_key,
    record_key,
    source,
    field,
    value,
    known_from,
    0
from company_values
where value is not null
