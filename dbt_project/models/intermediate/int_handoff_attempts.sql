with handoffs as (
    select * from {{ ref('int_handoffs') }}
),

attempts as (
    select * from {{ ref('int_sales_attempts') }}
)

-- What is known by its day only counts on the day of the hand-off, too.
select
    h.handoff_key,
    count(*) as attempts,
    min(greatest(a.attempted_at, h.moment)) as first_attempt_at,
    min(a.attempted_date) as first_attempt_date,
    {{ first_value_by('a.owner_key', 'a.attempted_at') }} as first_attempt_owner_key
from handoffs as h
inner join attempts as a
    on
        h.person_key = a.person_key
        and h.next_moment > a.attempted_at
        and (
            h.moment <= a.attempted_at
            or (a.precision = 'day' and h.handed_off_date <= a.attempted_date)
        )
group by h.handoff_key
