{%- set owned = [('person', 'owner_key'), ('opportunity', 'owner_key')] -%}
{%- set owner_fields = segment_fields() | selectattr(0, 'equalto', 'owner')
    | rejectattr(1, 'equalto', 'owner_key') | list -%}
{%- set fields = segment_fields() | rejectattr(0, 'equalto', 'owner') | list -%}

with journeys as (
    select * from {{ ref('int_journeys') }}
),

spans as (
    select * from {{ ref('int_segment_spans') }}
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

opportunities as (
    select * from {{ ref('int_opportunities') }}
),

segment_uses as (
    select * from {{ ref('int_segment_uses') }}
),

-- Few journeys have an attribute that ever changed: only these are looked at moment by moment.
journey_spans as (
    {%- for entity in ['person', 'account', 'opportunity'] %}
    select
        j.journey_type, j.journey_key, s.entity, s.field, s.value, s.valid_from, s.valid_until,
        s.evidence
    from journeys as j
    inner join spans as s on s.entity = '{{ entity }}' and j.{{ entity }}_key = s.entity_key
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
),

owner_changes as (
    select distinct journey_type, journey_key
    from journey_spans
    where entity = 'person' and field = 'owner_key'
),

moments as (
    select journey_type, journey_key, {{ since_ever() }} as moment from journeys
    union
    select journey_type, journey_key, valid_from from journey_spans
    union
    -- From here on it is the opportunity's owner who counts.
    select j.journey_type, j.journey_key, j.opportunity_from
    from journeys as j
    left join owner_changes as c
        on j.journey_type = c.journey_type and j.journey_key = c.journey_key
    where
        j.opportunity_from is not null
        and (j.person_owner_key is not null or c.journey_key is not null)
),

overrides as (
    select
        m.journey_type,
        m.journey_key,
        m.moment,
        {%- for entity, field in fields + owned %}
        max(case when s.entity = '{{ entity }}' and s.field = '{{ field }}' then s.value end)
            as {{ entity }}_{{ field }},
        max(case when s.entity = '{{ entity }}' and s.field = '{{ field }}' then s.evidence end)
            as {{ entity }}_{{ field }}_evidence,
        {%- endfor %}
        count(*) as spans
    from moments as m
    inner join journey_spans as s
        on
            m.journey_type = s.journey_type
            and m.journey_key = s.journey_key
            and m.moment >= s.valid_from
            and m.moment < s.valid_until
    group by m.journey_type, m.journey_key, m.moment
),

-- What has no span never changed: its value of today is the first known one. Only what the agreement
-- segments by is looked at, so that the sets stay few.
attributed as (
    select
        m.journey_type,
        m.journey_key,
        m.moment,
        {%- for entity, field in fields %}
        case
            when u.{{ entity }}_{{ field }} is null then null
            when v.{{ entity }}_{{ field }}_evidence is not null then v.{{ entity }}_{{ field }}
            else {{ entity }}.{{ field }}
        end as {{ entity }}_{{ field }},
        {%- endfor %}
        {%- for entity, field in owned %}
        case
            when v.{{ entity }}_{{ field }}_evidence is not null then v.{{ entity }}_{{ field }}
            else j.{{ entity }}_{{ field }}
        end as {{ entity }}_{{ field }},
        coalesce(v.{{ entity }}_{{ field }}_evidence, 'inferred') as {{ entity }}_{{ field }}_evidence,
        {%- endfor %}
        coalesce(m.moment >= j.opportunity_from, true) as is_opportunity_first
    from moments as m
    inner join journeys as j on m.journey_type = j.journey_type and m.journey_key = j.journey_key
    cross join segment_uses as u
    left join overrides as v
        on
            m.journey_type = v.journey_type
            and m.journey_key = v.journey_key
            and m.moment = v.moment
    left join persons as person on j.person_key = person.person_key
    left join accounts as account on j.account_key = account.account_key
    left join opportunities as opportunity on j.opportunity_key = opportunity.opportunity_key
),

owned as (
    select
        journey_type,
        journey_key,
        moment,
        {%- for entity, field in fields %}
        {{ entity }}_{{ field }},
        {%- endfor %}
        case
            when is_opportunity_first then coalesce(opportunity_owner_key, person_owner_key)
            else coalesce(person_owner_key, opportunity_owner_key)
        end as owner_key,
        case
            when is_opportunity_first and opportunity_owner_key is not null
                then opportunity_owner_key_evidence
            when person_owner_key is not null then person_owner_key_evidence
            when opportunity_owner_key is not null then opportunity_owner_key_evidence
        end as owner_evidence,
        lead(moment, 1, {{ until_ever() }}) over (
            partition by journey_type, journey_key order by moment
        ) as next_moment
    from attributed
),

owner_spans as (
    select * from spans where entity = 'owner'
),

-- An owner's own attributes change while he owns it.
divided as (
    select o.* {{ exclude_columns(['moment', 'next_moment']) }}, o.moment from owned as o
    union all
    select distinct o.* {{ exclude_columns(['moment', 'next_moment']) }}, s.valid_from as moment
    from owned as o
    inner join owner_spans as s
        on o.owner_key = s.entity_key and o.moment < s.valid_from and o.next_moment > s.valid_from
),

owner_values as (
    select
        {%- for _, field in owner_fields %}
        max(case when s.field = '{{ field }}' then s.value end) as {{ field }},
        max(case when s.field = '{{ field }}' then s.evidence end) as {{ field }}_evidence,
        {%- endfor %}
        d.owner_key,
        d.moment
    from (select distinct owner_key, moment from divided) as d
    inner join owner_spans as s
        on d.owner_key = s.entity_key and d.moment >= s.valid_from and d.moment < s.valid_until
    group by d.owner_key, d.moment
),

complete as (
    select
        d.journey_type,
        d.journey_key,
        d.moment,
        d.owner_key,
        d.owner_evidence,
        {%- for entity, field in fields %}
        d.{{ entity }}_{{ field }},
        {%- endfor %}
        {%- for _, field in owner_fields %}
        case
            when u.owner_{{ field }} is null then null
            when v.{{ field }}_evidence is not null then v.{{ field }}
            else w.{{ field }}
        end as owner_{{ field }},
        {%- endfor %}
        case when u.owner_owner_key is not null then d.owner_key end as owner_owner_key
    from divided as d
    cross join segment_uses as u
    left join owner_values as v on d.owner_key = v.owner_key and d.moment = v.moment
    left join owners as w on d.owner_key = w.owner_key
),

named as (
    select
        *,
        {%- for entity, field in segment_fields() %}
        coalesce({{ entity }}_{{ field }}, '\N') {{ "|| '|' ||" if not loop.last }}
        {%- endfor %} as segment_set
    from complete
),

compared as (
    select
        *,
        lag(moment) over spans is null
        or segment_set <> lag(segment_set) over spans
        or (owner_key is distinct from lag(owner_key) over spans) as is_change
    from named
    window spans as (partition by journey_type, journey_key order by moment)
)

select
    * {{ exclude_columns(['moment', 'is_change']) }},
    moment as valid_from,
    lead(moment, 1, {{ until_ever() }}) over (
        partition by journey_type, journey_key order by moment
    ) as valid_until
from compared
where is_change
