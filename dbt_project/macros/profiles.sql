{#- The buyer profiles that an agreement may hold. -#}
{% macro profiles() %}
    {{ return(['marketing', 'sales', 'agreed']) }}
{% endmacro %}

{#- Traits with values of their own or, for numbers, the band that they lie in: field, column. -#}
{% macro banded_traits() %}
    {%- set columns = [] -%}
    {%- for field, column, is_number in rule_traits() -%}
        {%- do columns.append((field, column ~ '_band' if is_number else column)) -%}
    {%- endfor -%}
    {{ return(columns) }}
{% endmacro %}

{#- The value that a row of rules looks at, of a row of traits. -#}
{% macro trait_of(field_sql, traits) -%}
    case {{ field_sql }}
        {%- for field, column, _ in rule_traits() %}
        when '{{ field }}' then {{ traits }}.{{ column }}
        {%- endfor %}
    end
{%- endmacro %}

{#-
    Where the numbers of a trait are cut, beside the bounds that a profile names. Employees: the size
    classes of the European Commission's Recommendation 2003/361/EC, and 1,000 and 5,000; revenue: its
    ceilings of 2, 10 and 50 millions, and a quarter of a billion, in the unit of the mapping.
-#}
{% macro usual_bounds() %}
    {{ return({
        'account.employees': [0, 10, 50, 250, 1000, 5000],
        'account.revenue': [0, 2000000, 10000000, 50000000, 250000000]
    }) }}
{% endmacro %}

{#- Whole months from one day to another; negative where the second is earlier. -#}
{% macro whole_months(start_sql, end_sql) -%}
    (
        (extract(year from {{ end_sql }}) - extract(year from {{ start_sql }})) * 12
        + extract(month from {{ end_sql }}) - extract(month from {{ start_sql }})
        - case when extract(day from {{ end_sql }}) < extract(day from {{ start_sql }}) then 1 else 0 end
    )
{%- endmacro %}

{#- Three answers of a list of rules, as 1, 0 and null: all of them hold, or any of them does. -#}
{% macro all_hold(holds_sql) -%}
    case
        when min({{ holds_sql }}) = 0 then 0
        when count(*) > count({{ holds_sql }}) then null
        else min({{ holds_sql }})
    end
{%- endmacro %}
{% macro any_holds(holds_sql) -%}
    case
        when max({{ holds_sql }}) = 1 then 1
        when count(*) > count({{ holds_sql }}) then null
        else max({{ holds_sql }})
    end
{%- endmacro %}

{#-
    One row per buyer, scored against each profile of the version in force: the share of the profile's
    weight that its traits hold (`<profile>_fit`, unknown ones hold nothing), and whether it is `in` the
    profile, `out` of it or, as long as an attribute that would decide it is unknown, `unknown`; null
    without such a profile.
-#}
{% macro profile_fits(key, traits) -%}
with profile_traits as (
    select * from {{ ref('int_agreed_profile_traits') }}
),

valued as (
    select
        b.{{ key }},
        t.profile,
        t.trait_number,
        t.weight,
        t.fits_from,
        t.operator,
        t.value as wanted,
        t.minimum,
        t.maximum,
        {{ trait_of('t.field', 'b') }} as value
    from {{ traits }} as b
    cross join profile_traits as t
),

judged as (
    select
        {{ key }},
        profile,
        trait_number,
        -- Summed exactly: doubles add up differently in another order.
        cast(max(weight) as decimal(18, 6)) as weight,
        max(fits_from) as fits_from,
        max(case
            when value is null then null
            when operator = 'in' then case when value = wanted then 1 else 0 end
            when
                coalesce(cast(value as double) >= minimum, true)
                and coalesce(cast(value as double) <= maximum, true)
                then 1
            else 0
        end) as holds
    from valued
    group by {{ key }}, profile, trait_number
),

weighed as (
    select
        {{ key }},
        profile,
        max(fits_from) as fits_from,
        cast(sum(case when holds = 1 then weight else 0 end) as double)
        / nullif(cast(sum(weight) as double), 0) as fit,
        cast(sum(case when holds is null then weight else 0 end) as double)
        / nullif(cast(sum(weight) as double), 0) as unknown
    from judged
    group by {{ key }}, profile
),

-- Weights add up to what they should be but for the last bit of a double.
placed as (
    select
        {{ key }},
        profile,
        fit,
        case
            when fit >= fits_from - 0.000000001 then 'in'
            when fit + unknown >= fits_from - 0.000000001 then 'unknown'
            else 'out'
        end as place
    from weighed
)

select
    {%- for profile in profiles() %}
    max(case when profile = '{{ profile }}' then place end) as {{ profile }}_profile,
    max(case when profile = '{{ profile }}' then fit end) as {{ profile }}_fit,
    {%- endfor %}
    {{ key }}
from placed
group by {{ key }}
{%- endmacro %}
