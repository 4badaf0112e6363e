with opportunities as (
    select * from {{ ref('int_new_business') }}
),

journey_segments as (
    select * from {{ ref('int_journey_segments') }} where journey_type = 'opportunity'
),

segment_values as (
    select * from {{ ref('int_segment_values') }}
),

spans as (
    select * from {{ ref('int_segment_spans') }}
),

persons as (
    select * from {{ ref('int_persons') }}
),

-- Counted where it closed, or began while it is open; once more, for the cohort, where it began.
occasions as (
    select 'counted' as occasion, opportunity_key, period_moment as moment from opportunities
    union all
    select 'created', opportunity_key, opened_moment from opportunities
),

-- Each with the segments of that moment: a later edit moves no closed period.
segmented as (
    select o.occasion, o.opportunity_key, o.moment, g.segment_set, g.owner_key
    from occasions as o
    inner join journey_segments as g
        on
            o.opportunity_key = g.journey_key
            and o.moment >= g.valid_from
            and o.moment < g.valid_until
),

-- What has no span never changed.
{%- for entity, field in [
    ('opportunity', 'product'), ('opportunity', 'lead_source'), ('person', 'lead_source')
] %}
{{ entity }}_{{ field }}s as (
    select s.occasion, s.opportunity_key, x.value
    from segmented as s
    inner join opportunities as o on s.opportunity_key = o.opportunity_key
    inner join spans as x
        on
            o.{{ entity }}_key = x.entity_key
            and s.moment >= x.valid_from
            and s.moment < x.valid_until
    where x.entity = '{{ entity }}' and x.field = '{{ field }}'
),
{% endfor %}
described as (
    select
        s.occasion,
        s.opportunity_key,
        s.owner_key as deal_owner,
        case when p.opportunity_key is null then o.product else p.value end as deal_product,
        -- Its own source; where the system keeps none with it, that of its person.
        coalesce(
            case when l.opportunity_key is null then o.lead_source else l.value end,
            case when n.opportunity_key is null then w.lead_source else n.value end
        ) as deal_source,
        o.competitor as deal_competitor
    from segmented as s
    inner join opportunities as o on s.opportunity_key = o.opportunity_key
    left join persons as w on o.person_key = w.person_key
    left join opportunity_products as p
        on s.opportunity_key = p.opportunity_key and s.occasion = p.occasion
    left join opportunity_lead_sources as l
        on s.opportunity_key = l.opportunity_key and s.occasion = l.occasion
    left join person_lead_sources as n
        on s.opportunity_key = n.opportunity_key and s.occasion = n.occasion
)

select s.occasion, s.opportunity_key, v.segment, v.segment_value
from segmented as s
inner join segment_values as v on s.segment_set = v.segment_set
{%- for segment in deal_segments() %}
union all
select occasion, opportunity_key, '{{ segment }}', {{ segment }} from described
{%- endfor %}
