with pieces as (
    select * from {{ ref('int_business_time') }} where is_open
),

-- A piece is a day at most, and so is a slot.
parts as (
    select 0 as part
    union all
    select 1
)

select
    p.axis_number,
    {{ business_slot('p.seconds_before') }} + r.part as slot,
    p.from_at,
    p.seconds_before,
    p.seconds_before + p.seconds as seconds_after
from pieces as p
cross join parts as r
where
    {{ business_slot('p.seconds_before') }} + r.part
    <= {{ business_slot('p.seconds_before + p.seconds') }}
