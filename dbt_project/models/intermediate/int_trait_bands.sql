with profile_traits as (
    select * from {{ ref('int_agreed_profile_traits') }}
),

-- Cut where a profile draws a line, so that no band is half inside it. What is at most n ends before
-- n + 1: both are counted in whole units.
bounds as (
    {%- for field, usual in usual_bounds().items() %}
    {%- for bound in usual %}
    select '{{ field }}' as field, cast({{ bound }} as double) as minimum
    union
    {%- endfor %}
    {%- endfor %}
    select field, minimum from profile_traits where minimum is not null
    union
    select field, maximum + 1 from profile_traits where maximum is not null
),

bands as (
    select
        field,
        minimum,
        lead(minimum) over (partition by field order by minimum) as next_minimum
    from bounds
)

select
    field,
    minimum,
    next_minimum,
    case
        when next_minimum is null then {{ plain_number('minimum') }} || ' and more'
        when minimum = 0 then 'below ' || {{ plain_number('next_minimum') }}
        else {{ plain_number('minimum') }} || ' to ' || {{ plain_number('next_minimum - 1') }}
    end as band
from bands
