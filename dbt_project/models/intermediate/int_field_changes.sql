{#-
    A chain goes on with the change whose old value is the present one; where there is none, with one that
    nothing leads to; where there is none either (the chain is closed), with the smallest change key.
-#}
{%- set link = struct_of({
    'change_key': 'c.change_key', 'old_value': 'c.old_value', 'new_value': 'c.new_value'
}) -%}
{%- set nothing_yet = struct_of({
    'waiting': 'links',
    'value': 'cast(null as varchar)',
    'followed': empty_list(struct_type({'change_key': 'varchar', 'chain_position': 'integer'}))
}) -%}
{%- set leading_there = list_where(
    'state.waiting', 'other', 'other.new_value = one.old_value and other.change_key <> one.change_key'
) -%}
{%- set next = {'link': 'coalesce('
    ~ item_at(list_where('state.waiting', 'one', 'one.old_value = state.value'), 1) ~ ', '
    ~ item_at(list_where('state.waiting', 'one', list_size(leading_there) ~ ' = 0'), 1) ~ ', '
    ~ item_at('state.waiting', 1) ~ ')'
} -%}
{%- set next_state = struct_of({
    'waiting': list_where('state.waiting', 'one', 'one.change_key <> next.link.change_key'),
    'value': 'next.link.new_value',
    'followed': list_with('state.followed', struct_of({
        'change_key': 'next.link.change_key',
        'chain_position': 'cast(' ~ list_size('state.followed') ~ ' as integer)'
    }))
}) -%}

with delivered as (
    select
        'field_changes/' || c.record_key as change_key,
        c.record_entity,
        {{ reference_key('c', 'changed_record_id') }} as record_key,
        c.source,
        c.field,
        c.old_value,
        c.new_value,
        c.changed_at,
        c.changed_at_precision,
        'observed' as evidence,
        e.history_start
    from {{ ref('stg_files__field_changes') }} as c
    left join {{ source('raw_mapping', 'exports') }} as e
        on
            c.source = e.source
            and c.instance = e.instance
            and c.export = e.export
            and e.entity = 'field_changes'
    -- A change of a reference that is told by id and by name is one change.
    where
        c.changed_at is not null
        and not (coalesce(c.value_kind, 'id') = 'label' and {{ dbt.right('c.field', 3) }} = '_id')
),

stamped_records as (
    select 'persons' as record_entity, record_key, source, stamps, formats, load_time_zone
    from {{ ref('stg_files__persons') }}
    union all
    select 'opportunities' as record_entity, record_key, source, stamps, formats, load_time_zone
    from {{ ref('stg_files__opportunities') }}
),

stamps as (
    {{ map_entries(
        'stamped_records', ['record_entity', 'record_key', 'source', 'formats', 'load_time_zone'], 'stamps'
    ) }}
),

stamped as (
    select
        record_key || '/stamp/' || entry_key as change_key,
        record_entity,
        record_key,
        source,
        {{ dbt.split_part('entry_key', "'='", 1) }} as field,
        cast(null as varchar) as old_value,
        {{ dbt.split_part('entry_key', "'='", 2) }} as new_value,
        {{ parsed_timestamp('trim(entry_value)', "coalesce(formats[entry_key], formats['*'])", 'load_time_zone') }} as changed_at,
        case
            when {{ is_date_only('trim(entry_value)', "coalesce(formats[entry_key], formats['*'])") }} then 'day' else 'second'
        end as changed_at_precision,
        'stamped' as evidence,
        cast(null as date) as history_start
    from stamps
    where entry_value is not null
),

person_versions as (
    select * from {{ ref('base_files__persons') }} where cast_problem is null
),

-- Exports compared by key: a difference was observed at the later one, unless a column stamps it.
snapshots as (
    select
        'persons' as record_entity, record_key, source, load_id, load_kind, exported_at, line,
        'status' as field, status as new_value, status_at as value_at,
        status_at_precision as value_precision
    from person_versions
    union all
    select
        'persons', record_key, source, load_id, load_kind, exported_at, line, 'lifecycle_stage',
        lifecycle_stage, lifecycle_stage_at, lifecycle_stage_at_precision
    from person_versions
    union all
    select
        'opportunities', record_key, source, load_id, load_kind, exported_at, line, 'stage', stage,
        -- A closing date stamps a closed stage; on an open deal it is a hope.
        coalesce(stage_at, case when is_closed or is_won then closed_at end),
        case when stage_at is not null then stage_at_precision else closed_at_precision end
    from {{ ref('base_files__opportunities') }}
    where cast_problem is null
),

-- Where the source delivers its own history, a difference of snapshots is the same change again.
with_history as (
    select distinct record_entity, source, field from delivered
),

without_history as (
    select s.*
    from snapshots as s
    left join with_history as h
        on s.record_entity = h.record_entity and s.source = h.source and s.field = h.field
    where h.field is null and (s.load_kind = 'full' or s.value_at is not null)
),

-- A field that a record never had cannot differ: most are such, and need not be compared.
known as (
    select distinct record_entity, record_key, field
    from without_history
    where new_value is not null
),

compared as (
    select
        s.*,
        lag(s.new_value) over versions as old_value,
        row_number() over versions as version_number
    from without_history as s
    inner join known as k
        on s.record_entity = k.record_entity and s.record_key = k.record_key and s.field = k.field
    window versions as (
        partition by s.record_entity, s.record_key, s.field
        order by s.exported_at, s.load_id, s.line
    )
),

observed as (
    select
        s.record_key || '/load/' || s.load_id || '/' || s.field as change_key,
        s.record_entity,
        s.record_key,
        s.source,
        s.field,
        s.old_value,
        s.new_value,
        coalesce(s.value_at, s.exported_at) as changed_at,
        case when s.value_at is not null then s.value_precision else 'second' end
            as changed_at_precision,
        case when s.value_at is not null then 'stamped' else 'observed' end as evidence,
        cast(null as date) as history_start
    from compared as s
    where
        s.new_value is not null
        and s.new_value is distinct from s.old_value
        and (s.version_number > 1 or s.value_at is not null)
),

changes as (
    select * from delivered
    union all
    select * from stamped
    where changed_at is not null
    union all
    select * from observed
),

context as (
    select * from {{ source('ops', 'run_context') }}
),

-- Few moments have more than one change: only their lists are made (a quarter of the model's time).
moments as (
    select record_entity, record_key, field, changed_at, changed_at_precision
    from changes
    group by record_entity, record_key, field, changed_at, changed_at_precision
    having count(*) > 1
),

-- Changes of one moment are ordered by their chain, old value to new.
concurrent as (
    select
        c.record_entity,
        c.record_key,
        c.field,
        c.changed_at,
        c.changed_at_precision,
        {{ collect_list_by(link, 'c.change_key') }} as links
    from changes as c
    inner join moments as m
        on
            c.record_entity = m.record_entity
            and c.record_key = m.record_key
            and c.field = m.field
            and c.changed_at = m.changed_at
            and c.changed_at_precision = m.changed_at_precision
    group by c.record_entity, c.record_key, c.field, c.changed_at, c.changed_at_precision
),

chains as (
    select record_key, {{ fold('links', nothing_yet, let('next', next, next_state)) }} as chain
    from concurrent
),

links as (
    {{ list_items('chains', ['record_key'], 'chain.followed', name='link') }}
)

select
    c.*,
    coalesce(l.link.chain_position, 0) as chain_position,
    {{ happened_by('c.changed_at', 'c.changed_at_precision') }} as has_happened
from changes as c
cross join context as ctx
left join links as l on c.record_key = l.record_key and c.change_key = l.link.change_key
