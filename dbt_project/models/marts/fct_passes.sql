{%- set roles = {
    'inquiry': 'inquired_at', 'marketing_qualified': 'marketing_qualified_at',
    'hand_off': 'handed_off_at', 'accepted': 'accepted_at', 'sales_qualified': 'sales_qualified_at',
    'opportunity': 'opportunity_at', 'won': 'won_at', 'retained': 'retained_at'
} -%}

with passes as (
    select * from {{ ref('int_passes') }}
),

entries as (
    select * from {{ ref('int_stage_entries') }} where journey_type = 'pass'
),

roles as (
    select r.*
    from {{ source('agreement', 'stage_roles') }} as r
    inner join {{ ref('int_agreement_versions') }} as v on r.version = v.version and v.is_in_force
),

dated as (
    select
        {%- for role, column in roles.items() %}
        min(case when r.role = '{{ role }}' then e.entered_at end) as {{ column }},
        {%- endfor %}
        e.journey_key as pass_key
    from entries as e
    inner join roles as r on e.stage = r.stage
    group by e.journey_key
),

agreed_stages as (
    select * from {{ ref('int_agreed_stages') }}
),

persons as (
    select * from {{ ref('int_persons') }}
),

journeys as (
    select * from {{ ref('int_journeys') }} where journey_type = 'pass'
),

journey_segments as (
    select * from {{ ref('int_journey_segments') }} where journey_type = 'pass'
),

-- Whose pass it was when it began.
first_owners as (
    select b.pass_key, g.owner_key, g.owner_evidence
    from {{ ref('int_pass_beginnings') }} as b
    inner join journey_segments as g
        on b.pass_key = g.journey_key and b.moment >= g.valid_from and b.moment < g.valid_until
)

select
    p.pass_key,
    p.person_key,
    p.pass_number,
    p.started_at,
    {%- for column in roles.values() %}
    d.{{ column }},
    {%- endfor %}
    p.ended_at,
    p.outcome,
    n.lead_source as origin,
    -- Who began the pass: the team that owns the stage it was entered at.
    case when s.team = 'marketing' then 'marketing' else 'sales' end as entry_path,
    p.current_stage,
    p.furthest_stage,
    n.campaign,
    o.owner_key,
    o.owner_evidence,
    j.account_key,
    {%- for profile in profiles() %}
    f.{{ profile }}_profile,
    {%- endfor %}
    p.first_opportunity_key
from passes as p
inner join persons as n on p.person_key = n.person_key
inner join journeys as j on p.pass_key = j.journey_key
inner join first_owners as o on p.pass_key = o.pass_key
inner join agreed_stages as s on p.first_stage = s.stage
left join dated as d on p.pass_key = d.pass_key
left join {{ ref('int_pass_fits') }} as f on p.pass_key = f.pass_key
