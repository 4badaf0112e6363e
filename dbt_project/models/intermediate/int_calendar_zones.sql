with calendars as (
    select * from {{ source('agreement', 'calendars') }}
),

owners as (
    select * from {{ ref('int_owners') }}
),

persons as (
    select * from {{ ref('int_persons') }}
),

-- The calendar's own zone stands in for an owner's or a lead's that nobody knows.
zones as (
    select version, calendar, time_zone from calendars
    union
    select c.version, c.calendar, o.time_zone
    from calendars as c
    inner join owners as o on c.zone_of = 'owner' and o.time_zone is not null
    union
    select c.version, c.calendar, p.time_zone
    from calendars as c
    inner join persons as p on c.zone_of = 'lead' and p.time_zone is not null
)

select
    z.version,
    z.calendar,
    z.time_zone,
    c.is_always_open,
    z.time_zone = c.time_zone as is_calendar_zone,
    cast(row_number() over (order by z.version, z.calendar, z.time_zone) as integer) as axis_number
from zones as z
inner join calendars as c on z.version = c.version and z.calendar = c.calendar
where {{ is_time_zone('z.time_zone') }}
