{#- Attributes that several records of one person or account may have: entity, its records, fields. -#}
{%- set several = [
    ('person', 'int_person_values', ['country', 'persona', 'title', 'record_type', 'owner_key']),
    ('account', 'int_account_values', ['industry', 'account_type', 'country', 'employees', 'revenue'])
] -%}
{%- set orders = {'person_record_type': 'default_order', 'person_owner_key': 'owner_id_order'} -%}

with changes as (
    select * from {{ ref('int_segment_changes') }}
),

context as (
    select * from {{ source('ops', 'run_context') }}
),

-- With its entity, though there is but one: a left join over a condition on one side only compares
-- each row with each (DuckDB; 100,000 people: 198 s).
created as (
    select
        'person' as entity,
        r.record_key,
        {{ moment('r.created_at', 'r.created_at_precision', 'ctx.reporting_time_zone') }} as moment,
        case when r.created_at_precision = 'day' then 86400 else 60 end as seconds
    from {{ ref('int_person_records') }} as r
    cross join context as ctx
    where r.created_at is not null
),

-- Before its first change a record had the old value. Where the history tells no old values, or the
-- first change was made within a minute of the creation (on its day, where only that is known), it is
-- the first known value.
record_changes as (
    select
        c.entity,
        c.field,
        c.record_key,
        case
            when c.old_value is not null then c.old_value
            when not c.is_old_value_told then c.new_value
            when {{ seconds_between('p.moment', 'c.moment') }} <= p.seconds then c.new_value
        end as value,
        {{ since_ever() }} as valid_from,
        'inferred' as evidence,
        0 as change_number
    from changes as c
    left join created as p on c.entity = p.entity and c.record_key = p.record_key
    where c.change_number = 1
    union all
    select entity, field, record_key, new_value, moment, evidence, change_number
    from changes
),

ranked as (
    select
        *,
        row_number() over (
            partition by entity, field, record_key, valid_from order by change_number desc
        ) as recency
    from record_changes
),

record_spans as (
    select
        entity,
        field,
        record_key,
        value,
        valid_from,
        lead(valid_from, 1, {{ until_ever() }}) over (
            partition by entity, field, record_key order by valid_from
        ) as valid_until,
        evidence
    from ranked
    where recency = 1
),
{% for entity, records, fields in several %}
{{ entity }}_values as (
    select * from {{ ref(records) }}
),
{% endfor %}
-- All records of whom a change is known of, each where it stands in the order of the attribute.
candidates as (
    {%- for entity, records, fields in several %}
    {%- for field in fields %}
    select
        '{{ entity }}' as entity, '{{ field }}' as field, v.{{ entity }}_key as entity_key,
        v.record_key, cast(v.{{ field }} as varchar) as value,
        v.{{ orders.get(entity ~ '_' ~ field, field ~ '_order') }} as preference
    from {{ entity }}_values as v
    union all
    {%- endfor %}
    {%- endfor %}
    -- Origin and first source are the earliest record's, which names the person.
    {%- for field in ['lead_source', 'campaign'] %}
    select 'person', '{{ field }}', person_key, record_key, {{ field }}, 0
    from person_values
    where record_key = person_key
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
),

-- Whose value is not the same in all time: a change is told, or the records, which came one by one,
-- differ.
changed as (
    select c.entity, c.field, c.entity_key
    from candidates as c
    inner join record_spans as s
        on c.entity = s.entity and c.field = s.field and c.record_key = s.record_key
    union
    select entity, field, entity_key
    from candidates
    where entity = 'person'
    group by entity, field, entity_key
    having count(distinct value) > 1
),

contenders as (
    select
        c.entity,
        c.field,
        c.entity_key,
        c.record_key,
        c.preference,
        case when s.record_key is null then c.value else s.value end as value,
        -- A record has a say from its creation on, the first one also before.
        case
            when c.record_key <> c.entity_key and p.moment > coalesce(s.valid_from, {{ since_ever() }})
                then p.moment
            else coalesce(s.valid_from, {{ since_ever() }})
        end as valid_from,
        coalesce(s.valid_until, {{ until_ever() }}) as valid_until,
        coalesce(s.evidence, 'inferred') as evidence
    from candidates as c
    inner join changed as d
        on c.entity = d.entity and c.field = d.field and c.entity_key = d.entity_key
    left join created as p on c.entity = p.entity and c.record_key = p.record_key
    left join record_spans as s
        on c.entity = s.entity and c.field = s.field and c.record_key = s.record_key
),

moments as (
    select entity, field, entity_key, valid_from as moment, min(evidence) as evidence
    from contenders
    group by entity, field, entity_key, valid_from
),

resolved as (
    select
        m.entity,
        m.field,
        m.entity_key,
        m.moment,
        m.evidence,
        {{ first_value_by(
            "case when c.field in ('lead_source', 'campaign', 'owner_key', 'record_type', 'employees', 'revenue')"
            ~ ' or not ' ~ is_placeholder('c.value') ~ ' then c.value end',
            'c.preference'
        ) }} as value
    from moments as m
    inner join contenders as c
        on
            m.entity = c.entity
            and m.field = c.field
            and m.entity_key = c.entity_key
            and m.moment >= c.valid_from
            and m.moment < c.valid_until
    group by m.entity, m.field, m.entity_key, m.moment, m.evidence
    union all
    select entity, field, record_key, valid_from, evidence, value
    from record_spans
    where entity in ('owner', 'opportunity')
),

compared as (
    select
        *,
        row_number() over spans = 1 or (value is distinct from lag(value) over spans) as is_change
    from resolved
    window spans as (partition by entity, field, entity_key order by moment)
)

select
    entity,
    entity_key,
    field,
    value,
    moment as valid_from,
    lead(moment, 1, {{ until_ever() }}) over (
        partition by entity, field, entity_key order by moment
    ) as valid_until,
    evidence
from compared
where is_change
