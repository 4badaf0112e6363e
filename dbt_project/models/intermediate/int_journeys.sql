with passes as (
    select * from {{ ref('int_passes') }}
),

opportunities as (
    select * from {{ ref('int_opportunities') }}
),

persons as (
    select * from {{ ref('int_persons') }}
),

accounts as (
    select * from {{ ref('int_accounts') }}
),

owners as (
    select * from {{ ref('int_owners') }}
),

segment_uses as (
    select * from {{ ref('int_segment_uses') }}
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
),

keyed as (
    select
        j.*,
        p.is_placeholder,
        coalesce(o.account_key, p.account_key) as account_key,
        coalesce(o.owner_key, p.owner_key) as owner_key
    from journeys as j
    inner join persons as p on j.person_key = p.person_key
    left join opportunities as o on j.opportunity_key = o.opportunity_key
),

-- Only what the agreement segments by is looked at, so that the sets stay few.
attributed as (
    select
        {%- for entity, field in segment_fields() %}
        case
            when u.{{ entity }}_{{ field }} is not null
                then {{ 'k' if field == 'owner_key' else entity }}.{{ field }}
        end as {{ entity }}_{{ field }},
        {%- endfor %}
        k.journey_type,
        k.journey_key,
        k.person_key,
        k.is_placeholder,
        k.account_key,
        k.owner_key,
        k.opportunity_key,
        k.is_open,
        k.ended_at,
        k.ended_date,
        k.ended_precision
    from keyed as k
    cross join segment_uses as u
    left join persons as person on k.person_key = person.person_key
    left join accounts as account on k.account_key = account.account_key
    left join owners as owner on k.owner_key = owner.owner_key
    left join opportunities as opportunity on k.opportunity_key = opportunity.opportunity_key
)

select
    *,
    {%- for entity, field in segment_fields() %}
    coalesce({{ entity }}_{{ field }}, '\N') {{ "|| '|' ||" if not loop.last }}
    {%- endfor %} as segment_set
from attributed
