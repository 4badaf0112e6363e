with handoffs as (
    select * from {{ ref('int_handoffs') }}
),

journey_segments as (
    select * from {{ ref('int_journey_segments') }} where journey_type = 'pass'
)

select
    h.handoff_key,
    s.segment_set,
    s.owner_key
from handoffs as h
inner join journey_segments as s
    on
        h.pass_key = s.journey_key
        and coalesce(h.moment, {{ since_ever() }}) >= s.valid_from
        and coalesce(h.moment, {{ since_ever() }}) < s.valid_until
