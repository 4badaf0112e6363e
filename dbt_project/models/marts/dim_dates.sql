with days as (
    select * from {{ ref('int_days') }}
),

business_days as (
    select * from {{ ref('dim_business_days') }}
),

settings as (
    select * from {{ ref('int_agreed_settings') }}
),

slas as (
    select s.*
    from {{ source('agreement', 'slas') }} as s
    inner join {{ ref('int_agreement_versions') }} as v on s.version = v.version and v.is_in_force
),

calendars as (
    select c.*
    from {{ source('agreement', 'calendars') }} as c
    inner join {{ ref('int_agreement_versions') }} as v on c.version = v.version and v.is_in_force
),

-- A day has one row and may have several calendars: here stands the one that most SLAs run on.
ranked_calendars as (
    select
        c.calendar,
        row_number() over (order by count(s.sla) desc, c.calendar asc) as calendar_number
    from calendars as c
    left join slas as s on c.calendar = s.calendar
    group by c.calendar
),

main_calendar as (
    select calendar from ranked_calendars where calendar_number = 1
),

periods as (
    select
        d.calendar_date,
        {{ iso_weekday('d.calendar_date') }} as weekday,
        cast({{ dbt.date_trunc('month', 'd.calendar_date') }} as date) as month_start,
        cast({{ dbt.date_trunc('quarter', 'd.calendar_date') }} as date) as quarter_start,
        cast({{ dbt.date_trunc('year', 'd.calendar_date') }} as date) as year_start,
        {{ fiscal_period_start('d.calendar_date', 'quarter', 't.fiscal_year_start_month') }}
            as fiscal_quarter_start,
        {{ fiscal_period_start('d.calendar_date', 'year', 't.fiscal_year_start_month') }}
            as fiscal_year_start,
        t.fiscal_year_start_month
    from days as d
    cross join settings as t
),

-- A fiscal year is named by the year in which it ends.
numbered as (
    select
        *,
        -- Of eleven months later: its last month.
        extract(year from {{ dbt.dateadd('month', 11, 'fiscal_year_start') }}) as fiscal_year,
        mod(extract(month from calendar_date) - fiscal_year_start_month + 12, 12) + 1 as fiscal_month
    from periods
)

select
    n.calendar_date,
    cast(n.weekday as integer) as weekday,
    case n.weekday
        when 1 then 'Monday' when 2 then 'Tuesday' when 3 then 'Wednesday' when 4 then 'Thursday'
        when 5 then 'Friday' when 6 then 'Saturday' else 'Sunday'
    end as weekday_name,
    {{ days_later('n.calendar_date', '(1 - n.weekday)') }} as week_start,
    n.month_start,
    n.quarter_start,
    n.year_start,
    cast(extract(month from n.calendar_date) as integer) as calendar_month,
    cast(extract(quarter from n.calendar_date) as integer) as calendar_quarter,
    cast(extract(year from n.calendar_date) as integer) as calendar_year,
    n.fiscal_quarter_start,
    n.fiscal_year_start,
    cast(n.fiscal_month as integer) as fiscal_month,
    cast(floor((n.fiscal_month + 2) / 3) as integer) as fiscal_quarter,
    cast(n.fiscal_year as integer) as fiscal_year,
    'FY' || right(cast(n.fiscal_year as varchar), 2) || ' Q'
    || cast(cast(floor((n.fiscal_month + 2) / 3) as integer) as varchar) as fiscal_quarter_label,
    'FY' || right(cast(n.fiscal_year as varchar), 2) as fiscal_year_label,
    b.calendar as business_calendar,
    b.is_business_day
from numbered as n
cross join main_calendar as m
left join business_days as b on n.calendar_date = b.calendar_date and m.calendar = b.calendar
