with handoffs as (
    select * from {{ ref('int_handoffs') }}
),

required_fields as (
    select * from {{ source('agreement', 'required_fields') }}
),

context as (
    select * from {{ source('ops', 'run_context') }}
),

records as (
    select
        p.person_key,
        r.record_key,
        r.source,
        {%- for field in handoff_fields() %}
        cast(r.{{ field }} as varchar) as {{ field }},
        {%- endfor %}
        {{ moment('r.created_at', 'r.created_at_precision', 'ctx.reporting_time_zone') }} as created_moment,
        coalesce(
            {{ moment('r.updated_at', 'r.updated_at_precision', 'ctx.reporting_time_zone') }}, r.exported_at
        ) as known_from
    from {{ ref('int_person_records') }} as r
    inner join {{ ref('int_persons_resolved') }} as p on r.record_key = p.record_key
    cross join context as ctx
),

versions as (
    select
        v.*,
        coalesce(
            {{ moment('v.updated_at', 'v.updated_at_precision', 'ctx.reporting_time_zone') }}, v.exported_at
        ) as known_from
    from {{ ref('stg_files__person_versions') }} as v
    cross join context as ctx
),

changes as (
    select
        c.record_key,
        c.source,
        c.field,
        c.old_value,
        c.new_value,
        c.chain_position,
        c.change_key,
        {{ moment('c.changed_at', 'c.changed_at_precision', 'ctx.reporting_time_zone') }} as moment
    from {{ ref('int_field_changes') }} as c
    cross join context as ctx
    where
        c.record_entity = 'persons'
        and c.has_happened
        and c.field in ('{{ handoff_fields() | join("', '") }}')
),

-- A history that never names an old value does not say that there was none.
histories as (
    select source, field, count(old_value) > 0 as is_old_value_told
    from changes
    group by source, field
),

required as (
    select h.handoff_key, h.person_key, h.moment, f.field, f.label, f.format
    from handoffs as h
    inner join required_fields as f on h.agreement_version = f.version
),

looked_up as (
    select
        q.handoff_key,
        q.moment,
        q.field,
        q.format,
        r.record_key,
        r.source,
        r.known_from,
        coalesce(r.created_moment <= q.moment, q.moment is not null) as was_there,
        case q.field
            {%- for field in handoff_fields() %}
            when '{{ field }}' then r.{{ field }}
            {%- endfor %}
        end as value_now
    from required as q
    inner join records as r on q.person_key = r.person_key
),

last_changes as (
    select
        l.handoff_key,
        l.field,
        l.record_key,
        c.new_value as value,
        row_number() over (
            partition by l.handoff_key, l.field, l.record_key
            order by c.moment desc, c.chain_position desc, c.change_key desc
        ) as preference
    from looked_up as l
    inner join changes as c on l.record_key = c.record_key and l.field = c.field
    where c.moment <= l.moment
),

next_changes as (
    select
        l.handoff_key,
        l.field,
        l.record_key,
        c.old_value as value,
        row_number() over (
            partition by l.handoff_key, l.field, l.record_key
            order by c.moment, c.chain_position, c.change_key
        ) as preference
    from looked_up as l
    inner join changes as c on l.record_key = c.record_key and l.field = c.field
    where c.moment > l.moment
),

last_versions as (
    select
        l.handoff_key,
        l.field,
        l.record_key,
        case l.field
            {%- for field in handoff_fields() %}
            when '{{ field }}' then v.{{ field }}
            {%- endfor %}
        end as value,
        row_number() over (
            partition by l.handoff_key, l.field, l.record_key
            order by v.known_from desc, v.exported_at desc, v.load_id desc, v.line desc
        ) as preference
    from looked_up as l
    inner join versions as v on l.record_key = v.record_key
    where v.known_from <= l.moment
),

-- The last change by then; else the value that the next change replaced; where a history tells of no
-- change at all, today's; else the last version that was landed and is no younger. Else nobody knows.
as_of_handoff as (
    select
        l.*,
        case
            when c.preference is not null then 'change'
            when n.preference is not null and t.is_old_value_told then 'next_change'
            when n.preference is null and t.field is not null then 'unchanged'
            when v.preference is not null or l.known_from <= l.moment then 'version'
        end as evidence,
        case
            when c.preference is not null then c.value
            when n.preference is not null and t.is_old_value_told then n.value
            when n.preference is null and t.field is not null then l.value_now
            when v.preference is not null then v.value
            when l.known_from <= l.moment then l.value_now
        end as value
    from looked_up as l
    left join histories as t on l.source = t.source and l.field = t.field
    left join last_changes as c
        on
            l.handoff_key = c.handoff_key
            and l.field = c.field
            and l.record_key = c.record_key
            and c.preference = 1
    left join next_changes as n
        on
            l.handoff_key = n.handoff_key
            and l.field = n.field
            and l.record_key = n.record_key
            and n.preference = 1
    left join last_versions as v
        on
            l.handoff_key = v.handoff_key
            and l.field = v.field
            and l.record_key = v.record_key
            and v.preference = 1
    where l.was_there
),

judged as (
    select
        handoff_key,
        field,
        'then' as moment_kind,
        evidence is null as is_unknown,
        {{ field_state('value', 'format', 'field') }} as state
    from as_of_handoff
    union all
    select handoff_key, field, 'now', false, {{ field_state('value_now', 'format', 'field') }}
    from looked_up
),

-- One record that has it is enough; one that nobody can look into may have had it.
best as (
    select
        handoff_key,
        field,
        moment_kind,
        min(case
            when is_unknown then 2
            when state = 'present' then 1
            when state = 'malformed' then 3
            when state = 'placeholder' then 4
            else 5
        end) as place
    from judged
    group by handoff_key, field, moment_kind
)

select
    q.handoff_key,
    q.field,
    q.label,
    {{ state_at_place('b.place', 2) }} as state,
    {{ state_at_place('w.place', 5) }} as state_now
from required as q
left join best as b on q.handoff_key = b.handoff_key and q.field = b.field and b.moment_kind = 'then'
left join best as w on q.handoff_key = w.handoff_key and q.field = w.field and w.moment_kind = 'now'
