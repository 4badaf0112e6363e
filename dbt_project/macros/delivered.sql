{#-
    Text as delivered → typed, canonical values. What an export file means lives here once; the
    staging models only list their fields.
-#}

{#- Named formats of the mapping (the same list as ingestion/files/formats.py) as this engine's patterns. -#}
{% macro timestamp_formats() %}
    {%- set dates = {
        'YYYY-MM-DD': '%Y-%m-%d', 'YYYYMMDD': '%Y%m%d', 'YYYY/MM/DD': '%Y/%m/%d',
        'DD.MM.YYYY': '%d.%m.%Y', 'DD/MM/YYYY': '%d/%m/%Y', 'DD-MM-YYYY': '%d-%m-%Y',
        'MM/DD/YYYY': '%m/%d/%Y', 'DD-Mon-YYYY': '%d-%b-%Y'
    } -%}
    {%- set formats = {} -%}
    {%- for name, pattern in dates.items() -%}
        {%- do formats.update({
            name: pattern, name ~ ' HH:MM': pattern ~ ' %H:%M', name ~ ' HH:MM:SS': pattern ~ ' %H:%M:%S'
        }) -%}
    {%- endfor -%}
    {{ return(formats) }}
{% endmacro %}

{#- UTC timestamp of a delivered text, null where it does not cast. Date-only text keeps its day. -#}
{% macro parsed_timestamp(text_sql, format_sql, zone_sql) -%}
    {{ adapter.dispatch('parsed_timestamp')(text_sql, format_sql, zone_sql) }}
{%- endmacro %}
{% macro duckdb__parsed_timestamp(text_sql, format_sql, zone_sql) -%}
    case
        when {{ text_sql }} is null then null
        when coalesce({{ format_sql }}, 'ISO') = 'ISO' then case
            when {{ is_date_only(text_sql, format_sql) }} then try_cast({{ text_sql }} as timestamp)
            when regexp_matches({{ text_sql }}, ':.*([Zz]|[+-]\d{2}(:?\d{2})?)$')
                -- Marketo's assets are dated `…Z+0000`, which is no ISO 8601 and means UTC.
                then timezone('UTC', coalesce(
                    try_cast({{ text_sql }} as timestamptz),
                    try_cast(replace({{ text_sql }}, 'Z+0000', 'Z') as timestamptz)
                ))
            else {{ to_utc('try_cast(' ~ text_sql ~ ' as timestamp)', zone_sql) }}
        end
        {%- for name, pattern in timestamp_formats().items() %}
        when {{ format_sql }} = '{{ name }}' then
            {%- if 'HH' in name %} {{ to_utc("try_strptime(" ~ text_sql ~ ", '" ~ pattern ~ "')", zone_sql) }}
            {%- else %} try_strptime({{ text_sql }}, '{{ pattern }}')
            {%- endif %}
        {%- endfor %}
        when {{ format_sql }} = 'epoch_seconds'
            then timezone('UTC', to_timestamp(try_cast({{ text_sql }} as double)))
        when {{ format_sql }} = 'epoch_milliseconds'
            then timezone('UTC', to_timestamp(try_cast({{ text_sql }} as double) / 1000))
    end
{%- endmacro %}

{% macro is_date_only(text_sql, format_sql) -%}
    (
        coalesce({{ format_sql }}, 'ISO') not like '%HH%'
        and coalesce({{ format_sql }}, 'ISO') not like 'epoch%'
        and (coalesce({{ format_sql }}, 'ISO') <> 'ISO' or length({{ text_sql }}) <= 10)
    )
{%- endmacro %}

{#-
    Null for what is no number; NaN, infinity and what is beyond 10^14 are none. Decimals say so, but
    take 4 µs a value: plain figures, which they only confirm, go past them (0.02 µs).
-#}
{% macro parsed_number(text_sql, decimal_mark_sql, thousands_mark_sql) -%}
    {%- set plain -%}
        replace(
            replace({{ text_sql }}, coalesce(nullif({{ thousands_mark_sql }}, ''), ' '), ''),
            coalesce({{ decimal_mark_sql }}, '.'), '.'
        )
    {%- endset -%}
    case
        when {{ is_plain_figure(plain) }} then try_cast({{ plain }} as double)
        else try_cast(try_cast({{ plain }} as decimal(26, 12)) as double)
    end
{%- endmacro %}

{#- Digits, and digits behind a point: as many as a decimal(26, 12) holds. -#}
{% macro is_plain_figure(text_sql) -%}
    {{ adapter.dispatch('is_plain_figure')(text_sql) }}
{%- endmacro %}
{% macro default__is_plain_figure(text_sql) -%}
    false
{%- endmacro %}
{% macro duckdb__is_plain_figure(text_sql) -%}
    regexp_full_match({{ text_sql }}, '-?\d{1,14}(\.\d{1,12})?')
{%- endmacro %}

{% macro parsed_boolean(text_sql) -%}
    case lower({{ text_sql }})
        when 'true' then true when 't' then true when 'yes' then true when 'y' then true
        when '1' then true
        when 'false' then false when 'f' then false when 'no' then false when 'n' then false
        when '0' then false
    end
{%- endmacro %}

{#- Numbers that a mapping may give in percent (ingestion/files/entities.py lists the same). -#}
{% macro fields_with_unit() %}
    {{ return(['probability', 'margin']) }}
{% endmacro %}

{#-
    One row per landed row of an entity: canonical values, typed. `cast_problem` names the columns
    that do not cast (null when all is well).
    id_sql makes the record's key where ids are not unique within entity and system.
    texts pass as they are; mapped ones go through the mapping's value maps, as do booleans.
    has_stamps keeps the columns that date a value, with the formats and the zone to read them in:
    maps on each row, which cost more memory than all the rest.
-#}
{% macro delivered_rows(
    entity, texts=[], mapped=[], timestamps=[], numbers=[], booleans=[], id_sql='c.record_id',
    has_stamps=false
) %}
{%- set with_unit = [] -%}
{%- for field in numbers if field in fields_with_unit() -%}
    {%- do with_unit.append(field) -%}
{%- endfor %}
with source as (
    select * from {{ source('raw_files', entity) }}
),

loads as (
    select
        load_id,
        {%- for field in timestamps %}
        coalesce(formats['{{ field }}'], formats['*']) as {{ field }}_format,
        {%- endfor %}
        {%- if numbers %}
        formats['decimal_mark'] as decimal_mark,
        formats['thousands_mark'] as thousands_mark,
        {%- endif %}
        formats,
        time_zone,
        kind
    from {{ source('ops', 'loads') }}
    where is_in_use and object = '{{ entity }}'
),

-- Nearly always the zone of all rows. A zone of its own on each row takes 1.5 µs to convert from, the
-- same one for all rows 0.3 µs.
usual as (
    select max(time_zone) as time_zone from loads
),

value_maps as (
    select
        source,
        instance,
        export
        {%- for field in mapped + booleans %},
        {{ collect_map('delivered_value', 'canonical_value', "field = '" ~ field ~ "'") }}
            as {{ field }}
        {%- endfor %}
    from {{ source('raw_mapping', 'value_maps') }}
    where entity = '{{ entity }}'
    group by source, instance, export
),
{%- if with_unit %}

percents as (
    select
        source,
        instance,
        export
        {%- for field in with_unit %},
        max(case when field = '{{ field }}' and unit = 'percent' then 100 else 1 end)
            as {{ field }}_unit
        {%- endfor %}
    from {{ source('raw_mapping', 'units') }}
    where entity = '{{ entity }}'
    group by source, instance, export
),
{%- endif %}

canonical as (
    select
        s._source as source,
        s._instance as instance,
        trim(s._record_id) as record_id,
        s._exported_at as exported_at,
        s._extracted_at as extracted_at,
        s._load_id as load_id,
        s._export as export,
        s._file as file,
        s._line as line,
        s._undeclared as undeclared,
        l.kind as load_kind,
        l.time_zone as load_time_zone
        {%- if has_stamps %},
        s._stamps as stamps,
        l.formats
        {%- endif %}
        {%- for field in timestamps %},
        l.{{ field }}_format
        {%- endfor %}
        {%- if numbers %},
        l.decimal_mark,
        l.thousands_mark
        {%- endif %}
        {%- for field in with_unit %},
        coalesce(u.{{ field }}_unit, 1) as {{ field }}_unit
        {%- endfor %}
        {%- for field in texts + timestamps + numbers %},
        nullif(trim(s.{{ field }}), '') as {{ field }}
        {%- endfor %}
        {%- for field in mapped + booleans %},
        {{ canonical_value('nullif(trim(s.' ~ field ~ "), '')", 'v.' ~ field) }} as {{ field }}
        {%- endfor %}
    from source as s
    inner join loads as l on s._load_id = l.load_id
    left join value_maps as v
        on s._source = v.source and s._instance = v.instance and s._export = v.export
    {%- if with_unit %}
    left join percents as u
        on s._source = u.source and s._instance = u.instance and s._export = u.export
    {%- endif %}
),

typed as (
    select
        c.source, c.instance, c.record_id,
        {{ record_key('c.source', 'c.instance', id_sql) }} as record_key,
        c.exported_at, c.extracted_at, c.load_id, c.load_kind, c.export, c.file, c.line, c.undeclared
        {%- if has_stamps %},
        c.stamps, c.formats, c.load_time_zone
        {%- endif %}
        {%- for field in texts + mapped %},
        c.{{ field }}
        {%- endfor %}
        {%- for field in timestamps %},
        case
            when c.load_time_zone = u.time_zone
                then {{ parsed_timestamp('c.' ~ field, 'c.' ~ field ~ '_format', 'u.time_zone') }}
            else {{ parsed_timestamp('c.' ~ field, 'c.' ~ field ~ '_format', 'c.load_time_zone') }}
        end as {{ field }},
        case
            when {{ is_date_only('c.' ~ field, 'c.' ~ field ~ '_format') }} then 'day' else 'second'
        end as {{ field }}_precision,
        c.{{ field }} as delivered_{{ field }}
        {%- endfor %}
        {%- for field in numbers %},
        {{ parsed_number('c.' ~ field, 'c.decimal_mark', 'c.thousands_mark') }}
        {%- if field in with_unit %} / c.{{ field }}_unit{% endif %} as {{ field }},
        c.{{ field }} as delivered_{{ field }}
        {%- endfor %}
        {%- for field in booleans %},
        {{ parsed_boolean('c.' ~ field) }} as {{ field }},
        c.{{ field }} as delivered_{{ field }}
        {%- endfor %}
    from canonical as c
    cross join usual as u
)

select
    source, instance, record_id, record_key, exported_at, extracted_at, load_id, load_kind, export,
    file, line, undeclared,
    {%- if has_stamps %}
    stamps, formats, load_time_zone,
    {%- endif %}
    {%- for field in texts + mapped + numbers + booleans %}
    {{ field }},
    {%- endfor %}
    {%- for field in timestamps %}
    {{ field }}, {{ field }}_precision,
    {%- endfor %}
    {% if timestamps or numbers or booleans -%}
    nullif(concat_ws(
        '; '
        {%- for field in timestamps + numbers + booleans %},
        case
            when delivered_{{ field }} is not null and {{ field }} is null
                {%- if field in booleans %} and delivered_{{ field }} <> 'unmapped' {%- endif %}
                then '{{ field }} does not cast: ' || delivered_{{ field }}
        end
        {%- endfor %}
    ), '')
    {%- else -%}
    cast(null as varchar)
    {%- endif %} as cast_problem
from typed
{% endmacro %}

{#- `*` in a value map is any other value; null there keeps what was delivered. -#}
{% macro canonical_value(text_sql, map_sql) -%}
    case
        when {{ text_sql }} is null then null
        when {{ has_key(map_sql, text_sql) }} then {{ map_sql }}[{{ text_sql }}]
        else coalesce({{ map_sql }}['*'], {{ text_sql }})
    end
{%- endmacro %}

{#-
    One row per record: its latest version that casts. A record that a later full export lacks is
    deleted as of that export.
    has_deletions: the entity has is_deleted, deleted_at and updated_at of its own. A deletion is
    dated by deleted_at, else by updated_at; where an earlier export showed the record alive with
    that same updated_at (an archive moves none), or it has none, by the export that first said so.
    deleted_at is when, as far as anybody knows; is_record_deleted whether it had happened by as_of.
    Only records that came more than once are ranked, and only by what ranks them: ranking whole rows
    took 1.7 GB for 500,000 activities.
-#}
{% macro latest_versions(base, entity, version_at='exported_at', has_deletions=false) %}
with repeated as (
    select record_key from {{ ref(base) }} group by record_key having count(*) > 1
),

ranked as (
    select
        v.record_key,
        v.load_id,
        v.line,
        {%- if has_deletions %}
        v.exported_at,
        v.is_said_deleted,
        max(case when not v.is_said_deleted then v.exported_at end) over (
            partition by v.record_key
        ) as last_alive_at,
        {%- endif %}
        row_number() over (
            partition by v.record_key
            order by
                v.version_at desc nulls last, v.exported_at desc, v.extracted_at desc, v.line desc
        ) as recency
    from (
        select
            record_key, load_id, line, exported_at, extracted_at, cast_problem,
            {%- if has_deletions %}
            coalesce(is_deleted, deleted_at is not null) as is_said_deleted,
            {%- endif %}
            {{ version_at }} as version_at
        from {{ ref(base) }}
    ) as v
    inner join repeated as r on v.record_key = r.record_key
    where v.cast_problem is null
),

superseded as (
    select * from ranked where recency > 1
),

{% if has_deletions -%}
seen_deleted as (
    select record_key, max(last_alive_at) as last_alive_at, min(exported_at) as seen_deleted_at
    from ranked
    where is_said_deleted and coalesce(exported_at > last_alive_at, true)
    group by record_key
),

{% endif -%}
full_exports as (
    select e.source, e.instance, l.export, l.load_id, l.window_end as exported_at
    from {{ source('ops', 'loads') }} as l
    inner join {{ source('raw_mapping', 'exports') }} as e
        on l.object = e.entity and l.export = e.export
    where l.object = '{{ entity }}' and l.kind = 'full' and l.is_in_use
),

-- What only one export tells of cannot be absent from a later one.
exported_again as (
    select source, instance, export
    from full_exports
    group by source, instance, export
    having min(exported_at) < max(exported_at)
),

-- A row that was set aside was there all the same.
seen as (
    select v.source, v.instance, v.record_id, v.export, v.exported_at
    from {{ ref(base) }} as v
    inner join exported_again as e
        on v.source = e.source and v.instance = e.instance and v.export = e.export
    where v.load_kind = 'full'
    union all
    select f.source, f.instance, a.record_id, f.export, f.exported_at
    from {{ source('ops', 'set_aside_rows') }} as a
    inner join full_exports as f on a.load_id = f.load_id and a.export = f.export
    where a.object = '{{ entity }}'
),

last_seen as (
    select source, instance, record_id, export, max(exported_at) as last_seen_at
    from seen
    group by source, instance, record_id, export
),

absent as (
    select s.source, s.instance, s.record_id, s.export, min(f.exported_at) as absent_at
    from last_seen as s
    inner join full_exports as f
        on
            s.source = f.source
            and s.instance = f.instance
            and s.export = f.export
            and s.last_seen_at < f.exported_at
    group by s.source, s.instance, s.record_id, s.export
)
{%- if has_deletions -%}
,

dated as (
    select
        v.* {{ exclude_columns(['cast_problem', 'deleted_at', 'deleted_at_precision']) }},
        coalesce(v.is_deleted, v.deleted_at is not null) as is_said_deleted,
        coalesce(v.deleted_at, d.seen_deleted_at, v.updated_at, v.exported_at) as said_deleted_at,
        case
            when v.deleted_at is not null then v.deleted_at_precision
            when d.record_key is not null or v.updated_at is null then 'second'
            else v.updated_at_precision
        end as said_deleted_at_precision,
        a.absent_at
    from {{ ref(base) }} as v
    left join seen_deleted as d
        on
            v.record_key = d.record_key
            and (v.updated_at is null or v.updated_at <= d.last_alive_at)
    {{ superseded_and_absent() | indent(4) }}
),

deletions as (
    select
        v.* {{ exclude_columns([
            'is_said_deleted', 'said_deleted_at', 'said_deleted_at_precision', 'absent_at'
        ]) }},
        v.is_said_deleted or v.absent_at is not null as is_gone,
        case when v.is_said_deleted then v.said_deleted_at else v.absent_at end as deleted_at,
        case when v.is_said_deleted then v.said_deleted_at_precision else 'second' end
            as deleted_at_precision
    from dated as v
)
{%- endif %}
{% if has_deletions %}
select
    v.* {{ exclude_columns(['is_gone']) }},
    v.is_gone and {{ happened_by('v.deleted_at', 'v.deleted_at_precision') }} as is_record_deleted
from deletions as v
cross join {{ source('ops', 'run_context') }} as ctx
{% else %}
select
    v.* {{ exclude_columns(['cast_problem']) }},
    coalesce(a.absent_at < ctx.as_of, false) as is_record_deleted,
    a.absent_at as deleted_at
from {{ ref(base) }} as v
cross join {{ source('ops', 'run_context') }} as ctx
{{ superseded_and_absent() }}
{%- endif %}
{% endmacro %}

{#- Leaves only the version that counts, and tells since when the record is absent. -#}
{% macro superseded_and_absent() -%}
left join superseded as s
    on v.record_key = s.record_key and v.load_id = s.load_id and v.line = s.line
left join absent as a
    on
        v.source = a.source
        and v.instance = a.instance
        and v.record_id = a.record_id
        and v.export = a.export
-- One condition over both sides of the join: two would be parsed for twice, in the rows and in the
-- filter that the engine pushes below them (2 of 9 s for 5 million activities).
where coalesce(s.record_key, v.cast_problem) is null
{%- endmacro %}
