{#- Today's customers are today's: who was one when a pass began, no record tells. -#}
{%- set traits = rule_traits() | rejectattr(0, 'equalto', 'account.is_active_customer') | list -%}

with beginnings as (
    select * from {{ ref('int_pass_beginnings') }}
),

journeys as (
    select * from {{ ref('int_journeys') }} where journey_type = 'pass'
),

spans as (
    select * from {{ ref('int_segment_spans') }}
),

person_traits as (
    select * from {{ ref('int_person_traits') }}
),

account_traits as (
    select * from {{ ref('int_account_traits') }}
),

pass_spans as (
    {%- for entity in ['person', 'account'] %}
    select b.pass_key, s.entity || '.' || s.field as field, s.value
    from beginnings as b
    inner join journeys as j on b.pass_key = j.journey_key
    inner join spans as s
        on
            s.entity = '{{ entity }}'
            and j.{{ entity }}_key = s.entity_key
            and b.moment >= s.valid_from
            and b.moment < s.valid_until
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
),

overrides as (
    select
        {%- for field, column, _ in traits %}
        max(case when field = '{{ field }}' then value end) as {{ column }},
        max(case when field = '{{ field }}' then 1 else 0 end) as has_{{ column }},
        {%- endfor %}
        pass_key
    from pass_spans
    group by pass_key
)

-- What has no span never changed: its value of today is the first known one.
select
    b.pass_key,
    {%- for field, column, _ in traits %}
    case
        when o.has_{{ column }} = 1 then o.{{ column }}
        else {{ 'coalesce(a.' ~ column ~ ', p.' ~ column ~ ')' if field.startswith('account.') else 'p.' ~ column }}
    end as {{ column }},
    {%- endfor %}
    cast(null as varchar) as account_is_active_customer
from beginnings as b
inner join journeys as j on b.pass_key = j.journey_key
left join overrides as o on b.pass_key = o.pass_key
left join person_traits as p on j.person_key = p.person_key
left join account_traits as a on j.account_key = a.account_key
