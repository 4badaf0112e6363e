with open_hours as (
    select * from {{ ref('int_open_hours') }}
),

-- A day of 25 hours lies in two or three days of UTC.
day_offsets as (
    select 0 as days
    union all
    select 1
    union all
    select 2
),

utc_days as (
    select
        h.axis_number,
        h.opens_at,
        h.closes_at,
        {{ days_later('cast(h.opens_at as date)', 'o.days') }} as utc_date
    from open_hours as h
    cross join day_offsets as o
),

open_pieces as (
    select
        axis_number,
        greatest(opens_at, cast(utc_date as timestamp)) as from_at,
        least(closes_at, cast({{ days_later('utc_date', 1) }} as timestamp)) as until_at
    from utc_days
    where closes_at > cast(utc_date as timestamp)
),

spans as (
    select
        axis_number,
        cast(min(opens_at) as date) as first_date,
        cast(max(closes_at) as date) as last_date
    from open_hours
    group by axis_number
),

numbers as (
    {{ numbers_below(5) }}
),

midnights as (
    select s.axis_number, cast({{ days_later('s.first_date', 'n.number') }} as timestamp) as moment
    from spans as s
    inner join numbers as n on n.number <= {{ days_between('s.first_date', 's.last_date') }}
),

breaks as (
    select axis_number, moment, max(is_open) as is_open
    from (
        select axis_number, from_at as moment, 1 as is_open from open_pieces
        union all
        select axis_number, until_at, 0 from open_pieces
        union all
        select axis_number, moment, 0 from midnights
    ) as changes
    group by axis_number, moment
),

pieces as (
    select
        axis_number,
        moment as from_at,
        lead(moment, 1, cast({{ days_later('cast(moment as date)', 1) }} as timestamp)) over (
            partition by axis_number order by moment
        ) as until_at,
        is_open = 1 as is_open
    from breaks
),

measured as (
    select
        *,
        case when is_open then cast({{ seconds_between('from_at', 'until_at') }} as bigint) else 0 end
            as seconds
    from pieces
)

select
    axis_number,
    cast(from_at as date) as utc_date,
    from_at,
    until_at,
    is_open,
    seconds,
    cast(sum(seconds) over (partition by axis_number order by from_at) - seconds as bigint)
        as seconds_before
from measured
