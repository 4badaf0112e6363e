with entries as (
    select * from {{ ref('int_stage_entries') }}
),

agreed_stages as (
    select * from {{ ref('int_agreed_stages') }}
),

spans as (
    select
        journey_type, journey_key, min(stage_rank) as lowest_rank, max(stage_rank) as furthest_rank
    from entries
    group by journey_type, journey_key
),

policies as (
    select 'any' as policy
    union all
    select 'strict'
    union all
    select 'implied'
),

-- Between the lowest stage that was really entered and the furthest one, nothing was missed.
spanned as (
    select
        s.journey_type,
        s.journey_key,
        a.stage,
        a.stage_rank,
        a.stage_position,
        e.stage is not null as is_entered,
        e.entered_at,
        e.entered_date,
        e.precision,
        coalesce(e.evidence, 'implied') as evidence
    from spans as s
    inner join agreed_stages as a on a.stage_rank between s.lowest_rank and s.furthest_rank
    left join entries as e
        on
            s.journey_type = e.journey_type
            and s.journey_key = e.journey_key
            and a.stage = e.stage
),

numbered as (
    select
        *,
        sum(case when is_entered then 1 else 0 end) over (
            partition by journey_type, journey_key order by stage_rank
            rows between unbounded preceding and current row
        ) as entered_so_far,
        max(case when entered_date is not null then stage_rank end) over (
            partition by journey_type, journey_key order by stage_rank
            rows between unbounded preceding and current row
        ) as nearest_dated_rank
    from spanned
),

-- An undated entry borrows the nearest earlier date of its journey, only to find its cohort.
cohorts as (
    select n.*, d.entered_date as cohort_date
    from numbered as n
    left join entries as d
        on
            n.journey_type = d.journey_type
            and n.journey_key = d.journey_key
            and n.nearest_dated_rank = d.stage_rank
)

select
    p.policy,
    c.journey_type,
    c.journey_key,
    c.stage,
    c.stage_rank,
    c.entered_at,
    c.entered_date,
    c.precision,
    c.evidence,
    c.cohort_date
from cohorts as c
cross join policies as p
where
    p.policy = 'implied'
    or (p.policy = 'any' and c.is_entered)
    -- Strict: entered, and so was every stage of the agreement before it.
    or (p.policy = 'strict' and c.is_entered and c.entered_so_far = c.stage_position)
