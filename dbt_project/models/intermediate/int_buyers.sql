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
        p.started_date,
        p.outcome in ('won', 'churned') as is_won
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
        'person' as unit, person_key as unit_key, customer_key, is_won, started_date
    from passes
    where not is_placeholder
    union all
    select 'account', account_key, customer_key, is_won, started_date
    from passes
    where account_key is not null
),

-- Long enough: the longest time within which the agreement counts a conversion.
patience as (
    select max(w.window_days) as days
    from {{ source('agreement', 'conversion_windows') }} as w
    inner join {{ ref('int_agreement_versions') }} as v on w.version = v.version and v.is_in_force
),

context as (
    select * from {{ source('ops', 'run_context') }}
),

-- Who came lately has not shown yet whether they buy, also where some of them did at once.
units as (
    select
        unit,
        unit_key,
        min(case when is_won then customer_key end) as customer_key,
        max(case when is_won then 1 else 0 end) as won,
        min(started_date) as started_date
    from trips
    group by unit, unit_key
),

decided as (
    select u.*
    from units as u
    cross join context as ctx
    cross join patience as p
    where
        coalesce({{ days_between('u.started_date', 'ctx.as_of_date') }} >= p.days, true)
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
    {%- for field, column, is_number in rule_traits() %}
    {{ column ~ '_band.band as ' ~ column ~ '_band' if is_number else 't.' ~ column }},
    {%- endfor %}
    {%- for grade in ['good', 'bad'] %}
    case
        when d.has_{{ grade }} = 0 then null
        when u.won = 0 or g.grade in ('good', 'bad', 'neither')
            then case when u.won = 1 and g.grade = '{{ grade }}' then 1 else 0 end
    end as {{ grade }},
    {%- endfor %}
    u.unit,
    u.unit_key,
    u.won
from decided as u
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
