{%- set numbers = rule_traits() | selectattr(2) | list -%}

with journeys as (
    select * from {{ ref('int_journeys') }} where journey_type = 'pass'
),

passes as (
    select
        p.person_key,
        j.account_key,
        coalesce(j.account_key, j.person_key) as customer_key,
        j.is_placeholder,
        p.outcome in ('won', 'churned') as is_won,
        p.outcome = 'open' as is_open
    from {{ ref('int_passes') }} as p
    inner join journeys as j on p.pass_key = j.journey_key
),

grades as (
    select * from {{ ref('int_customer_grades') }}
),

-- What the agreement does not define, nobody can be.
defined as (
    select
        max(case when r.kind = 'good' then 1 else 0 end) as has_good,
        max(case when r.kind = 'bad' then 1 else 0 end) as has_bad
    from {{ ref('int_agreement_versions') }} as v
    left join {{ source('agreement', 'customer_definitions') }} as r on v.version = r.version
    where v.is_in_force
),

trips as (
    select
        'person' as unit, person_key as unit_key, person_key, cast(null as varchar) as account_key,
        customer_key, is_won, is_open
    from passes
    where not is_placeholder
    union all
    select 'account', account_key, null, account_key, customer_key, is_won, is_open
    from passes
    where account_key is not null
),

-- Whoever is still on the way has not shown yet whether they buy.
units as (
    select
        unit,
        unit_key,
        max(person_key) as person_key,
        max(account_key) as account_key,
        min(case when is_won then customer_key end) as customer_key,
        case
            when max(case when is_won then 1 else 0 end) = 1 then 1
            when max(case when is_open then 1 else 0 end) = 0 then 0
        end as won
    from trips
    group by unit, unit_key
),

traits as (
    select
        'person' as unit,
        {%- for _, column, _ in rule_traits() %}
        {{ column }},
        {%- endfor %}
        person_key as unit_key
    from {{ ref('int_person_traits') }}
    union all
    select
        'account',
        {%- for field, column, _ in rule_traits() %}
        {{ column if field.startswith('account.') else 'null' }},
        {%- endfor %}
        account_key
    from {{ ref('int_account_traits') }}
)

select
    u.unit,
    u.unit_key,
    u.won,
    {%- for grade in ['good', 'bad'] %}
    case
        when d.has_{{ grade }} = 0 then null
        when u.won = 0 or g.grade in ('good', 'bad', 'neither')
            then case when u.won = 1 and g.grade = '{{ grade }}' then 1 else 0 end
    end as {{ grade }},
    {%- endfor %}
    {%- for field, column, is_number in rule_traits() %}
    {{ column ~ '_band.band as ' ~ column ~ '_band' if is_number else 't.' ~ column }}{{ ',' if not loop.last }}
    {%- endfor %}
from units as u
cross join defined as d
inner join traits as t on u.unit = t.unit and u.unit_key = t.unit_key
left join grades as g on u.customer_key = g.customer_key
{%- for field, column, _ in numbers %}
left join {{ ref('int_trait_bands') }} as {{ column }}_band
    on
        {{ column }}_band.field = '{{ field }}'
        and cast(t.{{ column }} as double) >= {{ column }}_band.minimum
        and coalesce(cast(t.{{ column }} as double) < {{ column }}_band.next_minimum, true)
{%- endfor %}
