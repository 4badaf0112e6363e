{#- A unit's traits alone, and two by two: who is a customer today is nothing to look for. -#}
{%- set singles = banded_traits() -%}
{%- set sets = [] -%}
{%- for first in singles -%}
{%- do sets.append([first]) -%}
{%- endfor -%}
{%- for first in singles if first[0] != 'account.is_active_customer' -%}
{%- for second in singles[loop.index:] if second[0] != 'account.is_active_customer' -%}
{%- do sets.append([first, second]) -%}
{%- endfor -%}
{%- endfor -%}
{#- Base and outcome, with the columns of the cases and of the successes among them. -#}
{%- set questions = [
    ('leads', 'won', 'decided', 'won'), ('leads', 'good', 'good_judged', 'good'),
    ('leads', 'bad', 'bad_judged', 'bad'), ('customers', 'good', 'good_customers_judged', 'good'),
    ('customers', 'bad', 'bad_customers_judged', 'bad')
] -%}

with buyers as (
    select * from {{ ref('int_buyers') }}
),

settings as (
    select * from {{ ref('int_agreed_settings') }}
),

bands as (
    select * from {{ ref('int_trait_bands') }}
),

profile_traits as (
    select * from {{ ref('int_agreed_profile_traits') }}
),

-- Filled for those who bought, and for few others: then it was filled because they bought.
knowledge as (
    {%- for field, column in singles %}
    select
        unit,
        '{{ field }}' as field,
        cast(sum(case when won = 1 and {{ column }} is not null then 1 else 0 end) as double)
        / nullif(sum(case when won = 1 then 1 else 0 end), 0) as known_of_won,
        cast(sum(case when won = 0 and {{ column }} is not null then 1 else 0 end) as double)
        / nullif(sum(case when won = 0 then 1 else 0 end), 0) as known_of_others
    from buyers
    group by unit
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
),

leakage as (
    select *, coalesce(known_of_others < known_of_won / 2, false) as is_leakage from knowledge
),

-- Whose attribute nobody knows is in no group, and so in no base.
grouped as (
    {%- for traits in sets %}
    select
        unit,
        '{{ traits[0][0] }}' as field,
        {{ traits[0][1] }} as value,
        cast({{ "'" ~ traits[1][0] ~ "'" if traits[1] else 'null' }} as varchar) as other_field,
        cast({{ traits[1][1] if traits[1] else 'null' }} as varchar) as other_value,
        count(won) as decided,
        sum(won) as won,
        count(good) as good_judged,
        sum(good) as good,
        count(bad) as bad_judged,
        sum(bad) as bad,
        count(case when won = 1 then good end) as good_customers_judged,
        count(case when won = 1 then bad end) as bad_customers_judged
    from buyers
    where {{ traits | map(attribute=1) | join(' is not null and ') }} is not null
    group by unit, {{ traits | map(attribute=1) | join(', ') }}
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
),

asked as (
    {%- for base, outcome, cases, successes in questions %}
    select
        unit, '{{ base }}' as base, '{{ outcome }}' as outcome, field, value, other_field, other_value,
        {{ cases }} as n, coalesce({{ successes }}, 0) as successes
    from grouped
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
),

based as (
    select
        *,
        sum(n) over (partition by unit, base, outcome, field, other_field) as base_n,
        sum(successes) over (partition by unit, base, outcome, field, other_field) as base_successes
    from asked
),

rated as (
    select
        b.unit,
        b.base,
        b.outcome,
        b.field,
        b.value,
        b.other_field,
        b.other_value,
        b.n,
        b.successes,
        b.base_n,
        b.base_successes,
        cast(b.successes as double) / b.n as rate,
        cast(b.base_successes as double) / nullif(b.base_n, 0) as base_rate,
        cast(b.n as double) / nullif(b.base_n, 0) as share,
        {{ risk_ratio_bound(
            'b.successes', 'b.n', '(b.base_successes - b.successes)', '(b.base_n - b.n)', 'lower'
        ) }} as ratio_lower,
        {{ risk_ratio_bound(
            'b.successes', 'b.n', '(b.base_successes - b.successes)', '(b.base_n - b.n)', 'upper'
        ) }} as ratio_upper,
        {{ difference_z(
            'b.successes', 'b.n', '(b.base_successes - b.successes)', '(b.base_n - b.n)'
        ) }} as z,
        coalesce(f.known_of_won, 0) as known_of_won,
        coalesce(f.known_of_others, 0) as known_of_others,
        f.is_leakage or coalesce(o.is_leakage, false) as is_leakage,
        b.n < s.minimum_sample_size or b.base_n - b.n < s.minimum_sample_size as is_small_sample
    from based as b
    cross join settings as s
    inner join leakage as f on b.unit = f.unit and b.field = f.field
    left join leakage as o on b.unit = o.unit and b.other_field = o.field
    -- A pair is shown where there are enough of it.
    where b.n > 0 and (b.other_field is null or b.n >= s.minimum_sample_size)
),

tested as (
    select
        *,
        case when not is_small_sample and not is_leakage then {{ two_sided_p('z') }} end as p_value
    from rated
),

-- False discoveries among all that one question looks at, traits alone and pairs apart
-- (Benjamini and Hochberg 1995, J. R. Stat. Soc. B 57, 289-300).
ranked as (
    select
        *,
        count(p_value) over questions as tests,
        row_number() over (
            partition by unit, base, outcome, other_field is null
            order by p_value nulls last, field, value, other_field, other_value
        ) as p_rank
    from tested
    window questions as (partition by unit, base, outcome, other_field is null)
),

adjusted as (
    select
        *,
        case
            when p_value is not null
                then least(1.0, min(p_value * tests / p_rank) over (
                    partition by unit, base, outcome, other_field is null
                    order by p_rank desc
                    rows between unbounded preceding and current row
                ))
        end as q_value
    from ranked
),

trait_values as (
    select distinct field, value from grouped
),

-- What each profile says of a value: wanted, or left out by a list or bounds that it has for the field.
wishes as (
    select
        {%- for profile in profiles() %}
        max(case
            when t.profile <> '{{ profile }}' then null
            when t.operator = 'in' then case when t.value = k.value then 1 else 0 end
            when
                b.minimum >= coalesce(t.minimum, b.minimum)
                and coalesce(b.next_minimum <= t.maximum + 1, t.maximum is null)
                then 1
            else 0
        end) as {{ profile }}_wants,
        {%- endfor %}
        k.field,
        k.value
    from trait_values as k
    inner join profile_traits as t on k.field = t.field
    left join bands as b on k.field = b.field and k.value = b.band
    group by k.field, k.value
),

placed as (
    select
        a.*,
        {%- for profile in profiles() %}
        case when a.other_field is null then w.{{ profile }}_wants = 1 end as {{ profile }}_wants,
        {%- endfor %}
        b.minimum,
        b.next_minimum,
        a.rate / nullif(a.base_rate, 0) as lift,
        -- The ratio to the others carried over to the whole, at a given share of the value.
        a.ratio_lower / (a.share * a.ratio_lower + 1 - a.share) as lift_lower,
        a.ratio_upper / (a.share * a.ratio_upper + 1 - a.share) as lift_upper,
        coalesce(a.q_value <= 0.05, false) as is_significant
    from adjusted as a
    left join wishes as w on a.field = w.field and a.value = w.value
    left join bands as b on a.field = b.field and a.value = b.band
)

select
    {%- for profile in profiles() %}
    {{ profile }}_wants,
    -- Wanted and worse than the others, or left out and better.
    case
        when {{ profile }}_wants is not null
            then is_significant and {{ profile }}_wants = case outcome
                when 'bad' then lift > 1
                else lift < 1
            end
    end as is_against_{{ profile }},
    {%- endfor %}
    unit,
    base,
    outcome,
    field,
    value,
    other_field,
    other_value,
    minimum as value_from,
    next_minimum as value_below,
    cast(n as bigint) as n,
    cast(successes as bigint) as successes,
    rate,
    {{ wilson_bound('successes', 'n', 'lower') }} as rate_lower,
    {{ wilson_bound('successes', 'n', 'upper') }} as rate_upper,
    cast(base_n as bigint) as base_n,
    base_rate,
    lift,
    lift_lower,
    lift_upper,
    p_value,
    q_value,
    is_significant,
    is_small_sample,
    is_leakage,
    known_of_won,
    known_of_others
from placed
