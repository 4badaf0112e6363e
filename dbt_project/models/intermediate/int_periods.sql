with days as (
    select * from {{ ref('int_days') }}
),

day_periods as (
    {%- for period_type in ['month', 'quarter'] %}
    select
        '{{ period_type }}' as period_type,
        {{ period_start('d.calendar_date', period_type) }} as period_start,
        d.calendar_date
    from days as d
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
)

select
    period_type,
    period_start,
    {{ days_later('max(calendar_date)', 1) }} as period_end,
    lag(period_start) over (partition by period_type order by period_start) as previous_start
from day_periods
group by period_type, period_start
