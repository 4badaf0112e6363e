with passes as (
    select * from {{ ref('int_passes') }}
),

opportunities as (
    select * from {{ ref('int_opportunities') }}
),

persons as (
    select * from {{ ref('int_persons') }}
),

journeys as (
    select
        'pass' as journey_type, pass_key as journey_key, person_key, first_opportunity_key
            as opportunity_key,
        outcome in ('open', 'won') as is_open, ended_at, ended_date, ended_precision
    from passes
    union all
    select
        'opportunity', opportunity_key as journey_key, person_key, opportunity_key,
        not is_closed, closed_at, closed_date, closed_at_precision
    from opportunities
    where not is_deleted
)

select
    j.journey_type,
    j.journey_key,
    j.person_key,
    p.is_placeholder,
    coalesce(o.account_key, p.account_key) as account_key,
    j.opportunity_key,
    -- Before it was there, it had no owner who counts.
    case when j.journey_type = 'pass' then o.created_moment end as opportunity_from,
    o.owner_key as opportunity_owner_key,
    p.owner_key as person_owner_key,
    j.is_open,
    j.ended_at,
    j.ended_date,
    j.ended_precision
from journeys as j
inner join persons as p on j.person_key = p.person_key
left join opportunities as o on j.opportunity_key = o.opportunity_key
