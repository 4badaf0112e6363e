with days as (
    select * from {{ ref('int_days') }}
),

business_days as (
    select * from {{ ref('int_business_days') }}
),

versions as (
    select * from {{ ref('int_agreement_versions') }}
),

calendars as (
    select * from {{ source('agreement', 'calendars') }}
),

slas as (
    select * from {{ source('agreement', 'slas') }}
),

settings as (
    select * from {{ ref('int_agreed_settings') }}
),

context as (
    select * from {{ source('ops', 'run_context') }}
),

-- A scorecard closes as a whole, whatever calendars its SLAs run on: that of a volume or share, which
-- is counted by business days, before that of a clock.
preferred_calendars as (
    select
        c.calendar,
        row_number() over (
            order by
                case when s.target_unit <> 'minutes' then 1 when s.sla is not null then 2 else 3 end,
                c.calendar,
                s.sla
        ) as preference
    from calendars as c
    inner join versions as v on c.version = v.version and v.is_in_force
    left join slas as s on c.version = s.version and c.calendar = s.calendar
),

counted_days as (
    select
        d.calendar_date,
        coalesce(sum(case when b.is_business_day then 1 end) over (
            order by d.calendar_date rows between unbounded preceding and 1 preceding
        ), 0) as business_days_before
    from days as d
    inner join preferred_calendars as c on c.preference = 1
    left join business_days as b on d.calendar_date = b.calendar_date and c.calendar = b.calendar
),

days_of_as_of as (
    select
        as_of,
        as_of_date,
        {{ days_later('as_of_date', 1) }} as next_date,
        reporting_time_zone
    from context
),

-- The first day that is not over at as_of.
today as (
    select
        as_of_date,
        case
            when {{ to_utc('cast(next_date as timestamp)', 'reporting_time_zone') }} <= as_of
                then next_date
            else as_of_date
        end as open_date
    from days_of_as_of
),

periods as (
    select * from {{ ref('int_periods') }}
),

-- The first day on which a period is closed: all days of grace are over when it begins.
closing_dates as (
    select p.period_type, p.period_start, min(n.calendar_date) as closing_date
    from periods as p
    cross join settings as s
    inner join counted_days as e on p.period_end = e.calendar_date
    inner join counted_days as n
        on
            e.calendar_date <= n.calendar_date
            and e.business_days_before + s.closing_grace_business_days <= n.business_days_before
    group by p.period_type, p.period_start
)

select
    p.period_type,
    p.period_start,
    p.period_end,
    p.previous_start,
    cast({{ dbt.dateadd('month', -12, 'p.period_start') }} as date) as year_before_start,
    c.closing_date,
    p.period_end <= t.open_date as has_ended,
    coalesce(c.closing_date <= t.open_date, false) as is_closed
from periods as p
inner join today as t on p.period_start <= t.as_of_date
left join closing_dates as c on p.period_type = c.period_type and p.period_start = c.period_start
