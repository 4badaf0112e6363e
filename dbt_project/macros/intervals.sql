{#- Standard normal quantile of a two-sided 95 % interval. -#}
{% macro z_95() -%} 1.959963984540054 {%- endmacro %}

{#-
    Bound of the 95 % score interval of a share (Wilson 1927, J. Am. Stat. Assoc. 22, 209-212), null on
    no cases. bound: 'lower' or 'upper'. It stays within 0 and 1 and holds on few cases, where
    p ± 1.96 · se does neither.
-#}
{% macro wilson_bound(successes_sql, cases_sql, bound) -%}
    {%- set p = '(cast(' ~ successes_sql ~ ' as double) / nullif(' ~ cases_sql ~ ', 0))' -%}
    {%- set n = 'cast(nullif(' ~ cases_sql ~ ', 0) as double)' -%}
    {%- set z = z_95() -%}
    case
        -- Exactly so, where rounding would miss it.
        when {{ successes_sql }} = {{ '0' if bound == 'lower' else cases_sql }}
            then {{ '0.0' if bound == 'lower' else '1.0' }} * {{ n }} / {{ n }}
        else (
            {{ p }} + {{ z }} * {{ z }} / (2 * {{ n }})
            {{ '-' if bound == 'lower' else '+' }} {{ z }} * sqrt(
                {{ p }} * (1 - {{ p }}) / {{ n }} + {{ z }} * {{ z }} / (4 * {{ n }} * {{ n }})
            )
        ) / (1 + {{ z }} * {{ z }} / {{ n }})
    end
{%- endmacro %}

{#-
    Bound of the 95 % log interval of a ratio of two shares (Katz et al. 1978, Biometrics 34, 469-474),
    null where either share is 0 or has no cases.
-#}
{% macro risk_ratio_bound(a, n_a, b, n_b, bound) -%}
    case
        when {{ a }} > 0 and {{ b }} > 0
            then (cast({{ a }} as double) / {{ n_a }}) / (cast({{ b }} as double) / {{ n_b }})
                * exp({{ '-' if bound == 'lower' }} {{ z_95() }} * sqrt(
                    1.0 / {{ a }} - 1.0 / {{ n_a }} + 1.0 / {{ b }} - 1.0 / {{ n_b }}
                ))
    end
{%- endmacro %}

{#-
    Two-sided probability of a standard normal value at least as far from 0 as z (z >= 0):
    erfc(z / √2) by a Chebyshev fit whose relative error is below 1.2 · 10^-7 everywhere (Press et al.,
    Numerical Recipes, 2nd edition, §6.2). No engine's own function: Spark has none.
-#}
{% macro two_sided_p(z_sql) -%}
    {%- set x = '(' ~ z_sql ~ ' / sqrt(2.0))' -%}
    {%- set t = '(1 / (1 + 0.5 * ' ~ x ~ '))' -%}
    {%- set coefficients = [
        1.00002368, 0.37409196, 0.09678418, -0.18628806, 0.27886807, -1.13520398, 1.48851587,
        -0.82215223, 0.17087277
    ] -%}
    {%- set fit = namespace(sql=coefficients[-1] | string) -%}
    {%- for coefficient in coefficients[:-1] | reverse -%}
        {%- set fit.sql = '(' ~ coefficient ~ ' + ' ~ t ~ ' * ' ~ fit.sql ~ ')' -%}
    {%- endfor -%}
    {{ t }} * exp(-{{ x }} * {{ x }} - 1.26551223 + {{ t }} * {{ fit.sql }})
{%- endmacro %}

{#-
    z of the difference of two shares, pooled, with the correction for continuity (Yates 1934, J. R. Stat.
    Soc. Suppl. 1, 217-235), which keeps it honest on few cases; null where all or none succeeded.
-#}
{% macro difference_z(a, n_a, b, n_b) -%}
    {%- set pooled = '((' ~ a ~ ' + ' ~ b ~ ') / cast(' ~ n_a ~ ' + ' ~ n_b ~ ' as double))' -%}
    case
        when {{ n_a }} > 0 and {{ n_b }} > 0 and {{ pooled }} > 0 and {{ pooled }} < 1
            then greatest(
                0,
                abs(cast({{ a }} as double) / {{ n_a }} - cast({{ b }} as double) / {{ n_b }})
                - (1.0 / {{ n_a }} + 1.0 / {{ n_b }}) / 2
            ) / sqrt({{ pooled }} * (1 - {{ pooled }}) * (1.0 / {{ n_a }} + 1.0 / {{ n_b }}))
    end
{%- endmacro %}
