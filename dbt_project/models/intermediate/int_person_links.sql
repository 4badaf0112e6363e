with records as (
    select * from {{ ref('int_person_records') }}
),

staged as (
    select record_key, source, instance, linked_id, linked_source, deleted_at, deleted_at_precision
    from {{ ref('stg_files__persons') }}
),

versions as (
    select record_key, linked_id, coalesce(linked_source, '') as linked_source, exported_at
    from {{ ref('stg_files__person_versions') }}
    where load_kind = 'full'
),

changes as (
    select
        {{ reference_key('c', 'changed_record_id') }} as record_key,
        c.source, c.instance, c.field, c.new_value, c.changed_at, c.changed_at_precision
    from {{ ref('stg_files__field_changes') }} as c
    where
        c.record_entity = 'persons'
        and c.field in ('merged_ids', 'merged_into_id')
        and c.new_value is not null
),

context as (
    select * from {{ source('ops', 'run_context') }}
),

-- An earlier export that had the record without this id says that the link is younger.
carried as (
    select
        s.record_key,
        min(v.exported_at) as first_export,
        min(case
            when v.linked_id = s.linked_id and v.linked_source = coalesce(s.linked_source, '')
                then v.exported_at
        end) as first_carried
    from staged as s
    inner join versions as v on s.record_key = v.record_key
    where s.linked_id is not null
    group by s.record_key
),

merge_lists as (
    {{ listed_items('(select * from records where merged_ids is not null) as r', [
        'record_key', 'source', 'instance', 'cast(null as timestamp) as changed_at',
        "'second' as changed_at_precision"
    ], 'merged_ids') }}
    union all
    {{ listed_items("(select * from changes where field = 'merged_ids') as c", [
        'record_key', 'source', 'instance', 'changed_at', 'changed_at_precision'
    ], 'new_value') }}
),

merged as (
    select
        {{ record_key('source', 'instance', dbt.split_part('item', "':'", 1)) }} as record_key,
        record_key as other_record_key,
        coalesce(
            changed_at,
            {{ parsed_timestamp(
                "nullif(" ~ dbt.split_part('item', "':'", 2) ~ ", '')", "'epoch_milliseconds'", "'UTC'"
            ) }}
        ) as linked_at,
        changed_at_precision as linked_at_precision
    from merge_lists
),

told as (
    select
        r.record_key, r.linked_record_key as other_record_key, 'stored_id' as kind,
        c.first_carried as linked_at, 'second' as linked_at_precision
    from records as r
    left join carried as c on r.record_key = c.record_key and c.first_carried > c.first_export
    where r.linked_record_key is not null
    union all
    select record_key, converted_record_key, 'conversion', converted_at, converted_at_precision
    from records
    where converted_record_key is not null
    union all
    select
        record_key, merged_into_record_key, 'merge', coalesce(deleted_at, updated_at),
        case when deleted_at is not null then deleted_at_precision else updated_at_precision end
    from records
    where merged_into_record_key is not null
    union all
    select
        record_key, {{ record_key('source', 'instance', 'new_value') }}, 'merge', changed_at,
        changed_at_precision
    from changes
    where field = 'merged_into_id'
    union all
    -- What was merged away is gone since then, if nothing says more.
    select
        m.record_key, m.other_record_key, 'merge', coalesce(m.linked_at, s.deleted_at),
        case when m.linked_at is not null then m.linked_at_precision else s.deleted_at_precision end
    from merged as m
    left join staged as s on m.record_key = s.record_key
),

-- Told more than once: since the first time that anybody dates.
dated as (
    select
        record_key,
        other_record_key,
        kind,
        min(linked_at) as linked_at,
        coalesce({{ first_value_by('linked_at_precision', 'linked_at') }}, 'second')
            as linked_at_precision
    from told
    where record_key <> other_record_key
    group by record_key, other_record_key, kind
),

-- Systems that deliver persons at all: there, an id that no file has is nobody's.
person_systems as (
    select distinct source, instance from staged
),

hard as (
    select
        t.record_key,
        t.other_record_key,
        t.kind,
        'hard' as strength,
        t.linked_at,
        t.linked_at_precision,
        {{ key_instance('t.record_key') }} <> {{ key_instance('t.other_record_key') }}
            as is_across_systems,
        -- A record that no file has cannot be there without the link.
        known.record_key is null
        or t.linked_at is null
        or {{ happened_by('t.linked_at', 't.linked_at_precision') }} as has_happened
    from dated as t
    cross join context as ctx
    left join staged as known on t.record_key = known.record_key
    left join staged as other on t.other_record_key = other.record_key
    left join records as known_by_then on t.record_key = known_by_then.record_key
    left join records as other_by_then on t.other_record_key = other_by_then.record_key
    left join person_systems as p
        on {{ key_instance('t.other_record_key') }} = p.source || '/' || p.instance
    where
        -- Who was created after as_of is nobody yet.
        (known.record_key is null or known_by_then.record_key is not null)
        and (other.record_key is null or other_by_then.record_key is not null)
        and (t.kind <> 'stored_id' or other.record_key is not null or p.source is null)
),

-- Each record to one record of the same address: as connected as all pairs, without their number.
same_email as (
    select
        record_key,
        min(record_key) over (partition by personal_email) as other_record_key
    from records
    where personal_email is not null
)

select
    record_key, other_record_key, kind, strength, linked_at, linked_at_precision, is_across_systems,
    has_happened
from hard
union all
select
    record_key, other_record_key, 'email', 'email', cast(null as timestamp), 'second',
    {{ key_instance('record_key') }} <> {{ key_instance('other_record_key') }}, true
from same_email
where record_key <> other_record_key
