with person_fits as (
    select f.*, p.account_key
    from {{ ref('int_person_fits') }} as f
    inner join {{ ref('int_persons') }} as p on f.person_key = p.person_key
    where p.account_key is not null
),

known_accounts as (
    select distinct account_key from person_fits
),

-- Where nobody is known, whom they would be is unknown too.
accounts_alone as (
    select
        {%- for field, column, _ in rule_traits() if field.startswith('person.') %}
        cast(null as varchar) as {{ column }},
        {%- endfor %}
        t.*
    from {{ ref('int_account_traits') }} as t
    left join known_accounts as p on t.account_key = p.account_key
    where p.account_key is null
),

fits_alone as (
    {{ profile_fits('account_key', 'accounts_alone') }}
)

-- An account is as good a buyer as the best of its people.
select
    {%- for profile in profiles() %}
    case
        when max(case when {{ profile }}_profile = 'in' then 1 else 0 end) = 1 then 'in'
        when max(case when {{ profile }}_profile = 'unknown' then 1 else 0 end) = 1 then 'unknown'
        else max({{ profile }}_profile)
    end as {{ profile }}_profile,
    max({{ profile }}_fit) as {{ profile }}_fit,
    {%- endfor %}
    account_key
from person_fits
group by account_key
union all
select
    {%- for profile in profiles() %}
    {{ profile }}_profile,
    {{ profile }}_fit,
    {%- endfor %}
    account_key
from fits_alone
