with tests as (
    select * from {{ ref('int_criterion_tests') }}
),

value_tests as (
    select * from tests where operator = 'in'
),

threshold_tests as (
    select * from tests where operator <> 'in'
),

signals as (
    select * from {{ ref('int_signals') }}
),

traits as (
    select * from {{ ref('int_person_traits') }}
),

context as (
    select * from {{ source('ops', 'run_context') }}
),

signalled as (
    select s.person_key, t.criterion_number, s.moment
    from signals as s
    inner join value_tests as t
        on s.field = t.field and s.value = t.value and (t.source is null or s.source = t.source)
    union all
    select s.person_key, t.criterion_number, s.moment
    from signals as s
    inner join threshold_tests as t
        on s.field = t.field and (t.source is null or s.source = t.source)
    where
        (t.operator = 'at_least' and try_cast(s.value as double) >= t.threshold)
        or (t.operator = 'at_most' and try_cast(s.value as double) <= t.threshold)
),

-- Met once is met. A date is better than none.
first_signals as (
    select person_key, criterion_number, min(moment) as met_at
    from signalled
    group by person_key, criterion_number
),

-- Attributes have no history: what is known today is taken as known since the person is.
attributed as (
    {%- for field, column, is_number in rule_traits() %}
    select p.person_key, t.criterion_number, p.known_since
    from traits as p
    inner join {{ 'threshold_tests' if is_number else 'value_tests' }} as t
        on {{ trait_meets('p.' ~ column, 't', is_number) }}
    where t.field = '{{ field }}'
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
)

select
    f.person_key,
    f.criterion_number,
    false as is_attribute,
    f.met_at,
    cast({{ to_zone('f.met_at', 'ctx.reporting_time_zone') }} as date) as met_date
from first_signals as f
cross join context as ctx
inner join traits as p on f.person_key = p.person_key
union all
select
    a.person_key,
    a.criterion_number,
    true,
    a.known_since,
    cast({{ to_zone('a.known_since', 'ctx.reporting_time_zone') }} as date)
from attributed as a
cross join context as ctx
