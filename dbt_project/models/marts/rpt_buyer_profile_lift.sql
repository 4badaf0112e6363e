{#- Of a unit's traits taken alone, and two by two: who is a customer today is no trait to look for. -#}
{%- set singles = banded_traits() -%}
{%- set pairs = [] -%}
{%- for first in singles -%}
    {%- for second in singles[loop.index:] -%}
        {%- if 'account.is_active_customer' not in (first[0], second[0]) -%}
            {%- do pairs.append((first, second)) -%}
        {%- endif -%}
    {%- endfor -%}
{%- endfor -%}
{#- Base and outcome, with the column of the cases and that of the successes among them. -#}
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
    select t.*, t.subject || '.' || t.field as trait_field
    from {{ source('agreement', 'profile_traits') }} as t
    inner join {{ ref('int_agreement_versions') }} as v on t.version = v.version and v.is_in_force
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

grouped as (
    select
        unit,
        {%- for field, column in singles %}
        {{ column }},
        grouping({{ column }}) as {{ column }}_left_out,
        {%- endfor %}
        count(*) as units,
        count(won) as decided,
        sum(won) as won,
        count(good) as good_judged,
        sum(good) as good,
        count(bad) as bad_judged,
        sum(bad) as bad,
        count(case when won = 1 then good end) as good_customers_judged,
        count(case when won = 1 then bad end) as bad_customers_judged
    from buyers
    group by grouping sets (
        {%- for _, column in singles %}
        (unit, {{ column }}),
        {%- endfor %}
        {%- for first, second in pairs %}
        (unit, {{ first[1] }}, {{ second[1] }}){{ ',' if not loop.last }}
        {%- endfor %}
    )
),

named as (
    select
        unit,
        case
            {%- for field, column in singles %}
            when {{ column }}_left_out = 0 then '{{ field }}'
            {%- endfor %}
        end as field,
        case
            {%- for field, column in singles %}
            when {{ column }}_left_out = 0 then {{ column }}
            {%- endfor %}
        end as value,
        case
            {%- for field, column in singles | reverse %}
            when {{ column }}_left_out = 0 then '{{ field }}'
            {%- endfor %}
        end as last_field,
        case
            {%- for field, column in singles | reverse %}
            when {{ column }}_left_out = 0 then {{ column }}
            {%- endfor %}
        end as last_value,
        units,
        {%- for column in ['decided', 'good_judged', 'bad_judged', 'good_customers_judged', 'bad_customers_judged'] %}
        {{ column }},
        {%- endfor %}
        won,
        good,
        bad
    from grouped
),

-- Whose attribute nobody knows is in no group, and so in no base.
known as (
    select
        unit,
        field,
        value,
        case when last_field <> field then last_field end as other_field,
        case when last_field <> field then last_value end as other_value,
        units,
        {%- for column in ['decided', 'good_judged', 'bad_judged', 'good_customers_judged', 'bad_customers_judged'] %}
        {{ column }},
        {%- endfor %}
        won,
        good,
        bad
    from named
    where value is not null and last_value is not null
),

asked as (
    {%- for base, outcome, cases, successes in questions %}
    select
        unit, '{{ base }}' as base, '{{ outcome }}' as outcome, field, value, other_field, other_value,
        {{ cases }} as n, coalesce({{ successes }}, 0) as successes
    from known
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

-- What each profile says of a value: wanted, or left out by a list or bounds that it has for the field.
wishes as (
    select
        k.field,
        k.value,
        {%- for profile in profiles() %}
        max(case
            when t.profile <> '{{ profile }}' then null
            when t.operator = 'in' then case when t.value = k.value then 1 else 0 end
            when
                b.minimum >= coalesce(t.minimum, b.minimum)
                and coalesce(b.next_minimum <= t.maximum + 1, t.maximum is null)
                then 1
            else 0
        end) as {{ profile }}_wants{{ ',' if not loop.last }}
        {%- endfor %}
    from (select distinct field, value from known) as k
    inner join profile_traits as t on k.field = t.trait_field
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
    known_of_others,
    {%- for profile in profiles() %}
    {{ profile }}_wants,
    {%- endfor %}
    {%- for profile in profiles() %}
    -- Wanted and worse than the others, or left out and better.
    case
        when {{ profile }}_wants is not null
            then is_significant and {{ profile }}_wants = case outcome
                when 'bad' then lift > 1
                else lift < 1
            end
    end as is_against_{{ profile }}{{ ',' if not loop.last }}
    {%- endfor %}
from placed
