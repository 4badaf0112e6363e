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
