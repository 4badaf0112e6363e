with days as (
    select * from {{ ref('int_days') }}
),

versions as (
    select * from {{ ref('int_agreement_versions') }}
),

calendars as (
    select * from {{ source('agreement', 'calendars') }}
),

calendar_hours as (
    select * from {{ source('agreement', 'calendar_hours') }}
),

holidays as (
    select * from {{ source('agreement', 'holidays') }}
),

settings as (
    select * from {{ ref('int_agreed_settings') }}
),

-- Each day is judged by the version of its time.
calendar_days as (
    select
        d.calendar_date,
        {{ iso_weekday('d.calendar_date') }} as weekday,
        c.version,
        c.calendar,
        c.time_zone,
        c.is_always_open,
        h.name as holiday
    from days as d
    inner join versions as v on d.calendar_date >= v.applies_from and d.calendar_date < v.applies_until
    inner join calendars as c on v.version = c.version
    left join holidays as h
        on
            c.version = h.version
            and c.calendar = h.calendar
            and d.calendar_date = h.holiday_date
            and not c.is_always_open
),

-- Real time: where the clocks change within the hours, the day is longer or shorter.
open_spans as (
    select
        d.calendar,
        d.calendar_date,
        {{ seconds_between(
            moment_of_day('d.calendar_date', 'h.opens', 'd.time_zone'),
            moment_of_day('d.calendar_date', 'h.closes', 'd.time_zone')
        ) }} / 60 as minutes
    from calendar_days as d
    inner join calendar_hours as h
        on d.version = h.version and d.calendar = h.calendar and d.weekday = h.weekday
    where d.holiday is null and not d.is_always_open
    union all
    select
        calendar,
        calendar_date,
        {{ seconds_between(
            moment_of_day('calendar_date', "'00:00'", 'time_zone'),
            moment_of_day('calendar_date', "'24:00'", 'time_zone')
        ) }} / 60
    from calendar_days
    where is_always_open
),

open_days as (
    select calendar, calendar_date, cast(sum(minutes) as integer) as business_minutes
    from open_spans
    group by calendar, calendar_date
),

judged as (
    select
        d.calendar,
        d.calendar_date,
        d.version,
        d.time_zone,
        d.holiday,
        o.calendar is not null as is_business_day,
        case when o.calendar is not null then 1 else 0 end as business_day,
        coalesce(o.business_minutes, 0) as business_minutes,
        cast({{ dbt.date_trunc('month', 'd.calendar_date') }} as date) as month_start,
        {{ fiscal_period_start('d.calendar_date', 'quarter', 't.fiscal_year_start_month') }}
            as fiscal_quarter_start
    from calendar_days as d
    cross join settings as t
    left join open_days as o on d.calendar = o.calendar and d.calendar_date = o.calendar_date
)

select
    calendar,
    calendar_date,
    version as agreement_version,
    time_zone,
    is_business_day,
    holiday,
    business_minutes,
    cast(sum(business_day) over (
        partition by calendar, month_start order by calendar_date
        rows between unbounded preceding and current row
    ) as integer) as business_days_so_far_in_month,
    cast(sum(business_day) over (partition by calendar, month_start) as integer)
        as business_days_in_month,
    cast(sum(business_day) over (
        partition by calendar, fiscal_quarter_start order by calendar_date
        rows between unbounded preceding and current row
    ) as integer) as business_days_so_far_in_fiscal_quarter,
    cast(sum(business_day) over (partition by calendar, fiscal_quarter_start) as integer)
        as business_days_in_fiscal_quarter
from judged
