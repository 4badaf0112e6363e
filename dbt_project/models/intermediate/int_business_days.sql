with days as (
    select * from {{ ref('int_days') }}
),

versions as (
    select * from {{ ref('int_agreement_versions') }}
),

calendars as (
    select * from {{ source('agreement', 'calendars') }}
),

zones as (
    select * from {{ ref('int_calendar_zones') }} where is_calendar_zone
),

open_hours as (
    select * from {{ ref('int_open_hours') }}
),

holidays as (
    select * from {{ source('agreement', 'holidays') }}
),

open_days as (
    select
        h.version,
        h.calendar,
        h.calendar_date,
        cast(sum({{ seconds_between('h.opens_at', 'h.closes_at') }} / 60) as integer)
            as business_minutes
    from open_hours as h
    inner join zones as z on h.axis_number = z.axis_number
    group by h.version, h.calendar, h.calendar_date
)

-- Each day is judged by the version of its time.
select
    c.calendar,
    d.calendar_date,
    c.version,
    c.time_zone,
    h.name as holiday,
    o.calendar is not null as is_business_day,
    coalesce(o.business_minutes, 0) as business_minutes
from days as d
inner join versions as v on d.calendar_date >= v.applies_from and d.calendar_date < v.applies_until
inner join calendars as c on v.version = c.version
left join holidays as h
    on
        c.version = h.version
        and c.calendar = h.calendar
        and d.calendar_date = h.holiday_date
        and not c.is_always_open
left join open_days as o
    on
        c.version = o.version
        and c.calendar = o.calendar
        and d.calendar_date = o.calendar_date
