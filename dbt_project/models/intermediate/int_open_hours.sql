with days as (
    select * from {{ ref('int_days') }}
),

versions as (
    select * from {{ ref('int_agreement_versions') }}
),

zones as (
    select * from {{ ref('int_calendar_zones') }}
),

calendar_hours as (
    select * from {{ source('agreement', 'calendar_hours') }}
),

holidays as (
    select * from {{ source('agreement', 'holidays') }}
),

-- A clock keeps the calendar of the version that it started under: days go on after the version's end.
-- Two days before its beginning, because zones differ by up to 26 hours.
zone_days as (
    select
        z.axis_number,
        z.version,
        z.calendar,
        z.time_zone,
        z.is_always_open,
        d.calendar_date,
        {{ iso_weekday('d.calendar_date') }} as weekday
    from zones as z
    inner join versions as v on z.version = v.version
    inner join days as d on {{ days_between('v.applies_from', 'd.calendar_date') }} >= -2
),

hours as (
    select
        d.*,
        h.opens,
        h.closes
    from zone_days as d
    inner join calendar_hours as h
        on d.version = h.version and d.calendar = h.calendar and d.weekday = h.weekday
    left join holidays as o
        on d.version = o.version and d.calendar = o.calendar and d.calendar_date = o.holiday_date
    where o.holiday_date is null and not d.is_always_open
    union all
    select d.*, '00:00', '24:00'
    from zone_days as d
    where d.is_always_open
)

-- Real time: where the clocks change within the hours, the day is longer or shorter.
select
    axis_number,
    version,
    calendar,
    time_zone,
    calendar_date,
    {{ moment_of_day('calendar_date', 'opens', 'time_zone') }} as opens_at,
    {{ moment_of_day('calendar_date', 'closes', 'time_zone') }} as closes_at
from hours
