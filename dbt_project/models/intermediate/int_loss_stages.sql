with opportunities as (
    select * from {{ ref('int_new_business') }} where is_lost
),

states as (
    select * from {{ ref('int_opportunity_states') }}
),

stage_outcomes as (
    select * from {{ ref('int_stage_outcomes') }}
),

marked as (
    select
        s.opportunity_key,
        s.state_number,
        s.stage,
        s.valid_from_date,
        s.valid_until_date,
        not s.is_closed and {{ meant_outcome('m.outcome', 's.stage') }} = 'open' as is_open,
        s.state_number = 1 or (s.stage is distinct from lag(s.stage) over states) as is_start
    from states as s
    inner join opportunities as o on s.opportunity_key = o.opportunity_key
    left join stage_outcomes as m
        on s.source = m.source and s.instance = m.instance and s.stage = m.stage
    window states as (partition by s.opportunity_key order by s.state_number)
),

-- The amount may change while the stage stays: a stay is several states.
numbered as (
    select
        *,
        sum(case when is_start then 1 else 0 end) over (
            partition by opportunity_key order by state_number
            rows between unbounded preceding and current row
        ) as stay_number
    from marked
),

stays as (
    select
        opportunity_key,
        stay_number,
        max(case when is_start then valid_from_date end) as entered_date
    from numbered
    group by opportunity_key, stay_number
),

last_open as (
    select
        *,
        row_number() over (partition by opportunity_key order by state_number desc) as recency
    from numbered
    where is_open
)

select
    l.opportunity_key,
    l.stage,
    s.entered_date,
    l.valid_until_date as left_date,
    {{ days_between('s.entered_date', 'l.valid_until_date') }} as days_in_stage
from last_open as l
inner join stays as s on l.opportunity_key = s.opportunity_key and l.stay_number = s.stay_number
where l.recency = 1 and l.stage is not null
