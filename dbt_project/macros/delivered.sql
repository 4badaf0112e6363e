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
                then timezone('UTC', try_cast({{ text_sql }} as timestamptz))
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

{#- Null for what is no number; NaN, infinity and what is beyond 10^14 are none. -#}
{% macro parsed_number(text_sql, decimal_mark_sql, thousands_mark_sql) -%}
    try_cast(
        try_cast(
            replace(
                replace({{ text_sql }}, coalesce(nullif({{ thousands_mark_sql }}, ''), ' '), ''),
                coalesce({{ decimal_mark_sql }}, '.'), '.'
            ) as decimal(26, 12)
        ) as double
    )
{%- endmacro %}

{% macro parsed_boolean(text_sql) -%}
    case lower({{ text_sql }})
        when 'true' then true when 't' then true when 'yes' then true when 'y' then true
        when '1' then true
        when 'false' then false when 'f' then false when 'no' then false when 'n' then false
        when '0' then false
    end
{%- endmacro %}

{#-
    One row per landed row of an entity: canonical values, typed. `cast_problem` names the columns
    that do not cast (null when all is well).
    id_sql makes the record's key where ids are not unique within entity and system.
    texts pass as they are; mapped ones go through the mapping's value maps, as do booleans.
-#}
{% macro delivered_rows(
    entity, texts=[], mapped=[], timestamps=[], numbers=[], booleans=[], id_sql='c.record_id'
) %}
with source as (
    select * from {{ source('raw_files', entity) }}
),

loads as (
    select load_id, formats, time_zone, kind
    from {{ source('ops', 'loads') }}
    where is_in_use and object = '{{ entity }}'
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
        s._stamps as stamps,
        l.formats,
        l.time_zone,
        l.kind as load_kind
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
),

typed as (
    select
        c.source, c.instance, c.record_id,
        {{ record_key('c.source', 'c.instance', id_sql) }} as record_key,
        c.exported_at, c.extracted_at, c.load_id, c.load_kind, c.export, c.file, c.line,
        c.undeclared, c.stamps, c.formats, c.time_zone
        {%- for field in texts + mapped %},
        c.{{ field }}
        {%- endfor %}
        {%- for field in timestamps %},
        {{ parsed_timestamp('c.' ~ field, delivered_format(field), 'c.time_zone') }} as {{ field }},
        case
            when {{ is_date_only('c.' ~ field, delivered_format(field)) }} then 'day' else 'second'
        end as {{ field }}_precision,
        c.{{ field }} as delivered_{{ field }}
        {%- endfor %}
        {%- for field in numbers %},
        {{ parsed_number('c.' ~ field, "c.formats['decimal_mark']", "c.formats['thousands_mark']") }}
            as {{ field }},
        c.{{ field }} as delivered_{{ field }}
        {%- endfor %}
        {%- for field in booleans %},
        {{ parsed_boolean('c.' ~ field) }} as {{ field }},
        c.{{ field }} as delivered_{{ field }}
        {%- endfor %}
    from canonical as c
)

select
    *,
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

{% macro delivered_format(field) -%}
    coalesce(c.formats['{{ field }}'], c.formats['*'])
{%- endmacro %}

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
-#}
{% macro latest_versions(base, entity, version_at='exported_at', deleted_flag=none) %}
with delivered as (
    select * from {{ ref(base) }}
),

versions as (
    select * from delivered where cast_problem is null
),

full_exports as (
    select e.source, e.instance, l.export, l.load_id, l.window_end as exported_at
    from {{ source('ops', 'loads') }} as l
    inner join {{ source('raw_mapping', 'exports') }} as e
        on l.object = e.entity and l.export = e.export
    where l.object = '{{ entity }}' and l.kind = 'full' and l.is_in_use
),

ranked as (
    select
        *,
        row_number() over (
            partition by record_key
            order by {{ version_at }} desc nulls last, exported_at desc, extracted_at desc, line desc
        ) as recency
    from versions
),

-- A row that was set aside was there all the same.
seen as (
    select source, instance, record_id, export, exported_at
    from delivered
    where load_kind = 'full'
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
    inner join {{ source('ops', 'run_context') }} as ctx on f.exported_at < ctx.as_of
    group by s.source, s.instance, s.record_id, s.export
)

select
    r.* {{ exclude_columns(['recency']) }},
    {% if deleted_flag -%}
    coalesce(r.{{ deleted_flag }}, false) or a.absent_at is not null as is_record_deleted,
    {% else -%}
    a.absent_at is not null as is_record_deleted,
    {% endif -%}
    a.absent_at as deleted_at
from ranked as r
left join absent as a
    on
        r.source = a.source
        and r.instance = a.instance
        and r.record_id = a.record_id
        and r.export = a.export
where r.recency = 1
{% endmacro %}
