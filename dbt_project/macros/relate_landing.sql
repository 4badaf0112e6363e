{#-
    Makes relations of the landing, from the manifests' file lists and never from a glob over the
    data: a load exists once its manifest does.
    Writes ops.loads, ops.set_aside_rows, one relation for each dbt source table, ops.run_context.
-#}
{% macro relate_landing() %}
    {%- if execute and flags.WHICH in ['build', 'run', 'test'] -%}
        {{ adapter.dispatch('relate_landing')() }}
    {%- endif -%}
{% endmacro %}

{% macro duckdb__relate_landing() %}
    {%- set landing = env_var('UNIFIED_FUNNEL_LANDING', '../workspace/sample_company/landing') -%}
    {%- set manifests = landing ~ '/*/*/*/*/manifest.json' -%}
    {#- An agreement that nobody signed (what-if) lies in a landing of its own: all else is shared. -#}
    {%- set agreed = env_var('UNIFIED_FUNNEL_AGREEMENT_LANDING', '') -%}
    {%- set found = run_query("select count(*) from glob('" ~ manifests ~ "')").columns[0][0] -%}
    {%- if found == 0 -%}
        {{ exceptions.raise_compiler_error(
            "no load in the landing " ~ landing ~ ". Run `make run` first, or point"
            ~ " UNIFIED_FUNNEL_LANDING at a landing that has loads."
        ) }}
    {%- endif -%}

    {%- set schemas = ['ops'] -%}
    {%- for node in graph.sources.values() if node.schema not in schemas -%}
        {%- do schemas.append(node.schema) -%}
    {%- endfor -%}
    {%- for schema in schemas -%}
        {%- do run_query('create schema if not exists ' ~ schema) -%}
    {%- endfor -%}

    {%- do run_query(duckdb__loads_sql(manifests, env_var('UNIFIED_FUNNEL_LOADS_UNTIL', ''), agreed)) -%}

    {%- set listing = run_query(
        "select source, object, path from ops.loads, unnest(file_paths) as t(path) where is_in_use"
        ~ " order by all"
    ) -%}
    {%- set files_of = {} -%}
    {%- for row in listing.rows -%}
        {#- The file systems that deliver rows are told apart by the folder, not by the system. -#}
        {%- do files_of.setdefault(row[0] ~ '/' ~ row[1], []).append(row[2]) -%}
    {%- endfor -%}

    {%- for node in graph.sources.values() if node.schema != 'ops' -%}
        {%- set files = files_of.get(node.source_meta.landing ~ '/' ~ node.name, []) -%}
        {%- do run_query(duckdb__landed_relation_sql(node, files)) -%}
    {%- endfor -%}

    {%- set set_aside = run_query(
        "select path from ops.loads, unnest(set_aside_paths) as t(path) where is_in_use order by all"
    ).columns[0].values() -%}
    {%- do run_query(duckdb__set_aside_sql(set_aside)) -%}
    {%- do run_query(duckdb__run_context_sql(env_var('UNIFIED_FUNNEL_AS_OF', ''))) -%}
{% endmacro %}

{% macro duckdb__loads_sql(manifests, loads_until, agreed='') %}
    {%- set looked_at = [manifests] + ([agreed ~ '/*/*/*/*/manifest.json'] if agreed else []) -%}
    create or replace table ops.loads as
    with manifests as (
        select
            load_id, source, instance, object, kind, export, file, window_start, window_end,
            extracted_at, rows_delivered, rows_landed, rows_set_aside, checksum, formats, time_zone,
            supersedes,
            list_transform(files, lambda f: replace(filename, 'manifest.json', f)) as file_paths,
            list_transform(set_aside_files, lambda f: replace(filename, 'manifest.json', f))
                as set_aside_paths
        from read_json({{ looked_at }}, filename = true, columns = {
            load_id: 'VARCHAR', source: 'VARCHAR', instance: 'VARCHAR', object: 'VARCHAR',
            kind: 'VARCHAR', export: 'VARCHAR', file: 'VARCHAR', window_start: 'TIMESTAMP',
            window_end: 'TIMESTAMP', extracted_at: 'TIMESTAMP', rows_delivered: 'BIGINT',
            rows_landed: 'BIGINT', rows_set_aside: 'BIGINT', files: 'VARCHAR[]',
            set_aside_files: 'VARCHAR[]', checksum: 'VARCHAR', formats: 'MAP(VARCHAR, VARCHAR)',
            time_zone: 'VARCHAR', supersedes: 'VARCHAR[]'
        })
        where true
        {%- if loads_until %}
        -- What was erased is erased in every past too. What was frozen lands after the loads that
        -- it is made of, and is known to whoever knows these.
        and (
            source = 'erasures'
            or case when source = 'closings' then window_end else extracted_at end
            < timezone('UTC', timestamptz '{{ loads_until }}')
        )
        {%- endif %}
        {%- if agreed %}
        and (source = 'agreement') = starts_with(filename, '{{ agreed }}/')
        {%- endif %}
    ),
    superseded as (
        select distinct source, instance, object, unnest(supersedes) as load_id from manifests
    )
    select
        m.*,
        s.load_id is not null as is_superseded,
        s.load_id is null and (
            m.kind <> 'reference'
            -- Of what we land ourselves (agreement, mapping) only the newest load speaks.
            or m.extracted_at = max(m.extracted_at) over (partition by m.source, m.object)
        ) as is_in_use
    from manifests as m
    left join superseded as s using (source, instance, object, load_id)
    order by m.source, m.instance, m.object, m.load_id
{% endmacro %}

{% macro duckdb__landed_relation_sql(node, files) %}
    create or replace view {{ node.schema }}.{{ node.identifier }} as
    {% if files -%}
    select
        {%- for column in node.columns.values() %}
        cast({{ column.name }} as {{ column.data_type }}) as {{ column.name }}{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ duckdb__read_landed(node, files) }}
    {%- else -%}
    select
        {%- for column in node.columns.values() %}
        cast(null as {{ column.data_type }}) as {{ column.name }}{{ ',' if not loop.last }}
        {%- endfor %}
    where false
    {%- endif %}
{% endmacro %}

{#- The files as they are; where the source may have grown, with all its columns, null where no file has
    one yet. Not for all sources: what reads few columns of much would read a union. -#}
{% macro duckdb__read_landed(node, files) -%}
    {%- if node.source_meta.grows -%}
    (
        select
            {%- for column in node.columns.values() %}
            cast(null as {{ column.data_type }}) as {{ column.name }}{{ ',' if not loop.last }}
            {%- endfor %}
        where false
        union all by name
        select * from read_parquet({{ files }}, union_by_name = true)
    ) as landed
    {%- else -%}
    read_parquet({{ files }}, union_by_name = true)
    {%- endif -%}
{%- endmacro %}

{% macro duckdb__set_aside_sql(files) %}
    create or replace table ops.set_aside_rows as
    {% if files -%}
    select source, instance, object, load_id, export, file, line, record_id, reason, row_text
    from read_parquet({{ files | list }}, union_by_name = true)
    {%- else -%}
    select
        cast(null as varchar) as source, cast(null as varchar) as instance,
        cast(null as varchar) as object, cast(null as varchar) as load_id,
        cast(null as varchar) as export, cast(null as varchar) as file,
        cast(null as bigint) as line, cast(null as varchar) as record_id,
        cast(null as varchar) as reason, cast(null as varchar) as row_text
    where false
    {%- endif %}
{% endmacro %}

{#- as_of: a date D means the end of D in the reporting zone; an instant is taken as it is (UTC
    unless it says otherwise). Default: the data set's own day, else the last complete day. -#}
{% macro duckdb__run_context_sql(as_of) %}
    create or replace table ops.run_context as
    with zone as (
        select coalesce(
            (select max(reporting_time_zone) from raw_mapping.data_sets),
            (select max_by(time_zone, version) from agreement.settings)
        ) as reporting_time_zone
    ),
    asked as (
        select
            z.reporting_time_zone,
            {% if as_of | length > 10 -%}
            timezone('UTC', timestamptz '{{ as_of }}') as as_of
            {%- else -%}
            timezone('UTC', timezone(z.reporting_time_zone, cast(coalesce(
                {% if as_of -%} date '{{ as_of }}', {%- endif %}
                (select max(as_of) from raw_mapping.data_sets),
                cast(timezone(z.reporting_time_zone, current_timestamp) as date) - 1
            ) + 1 as timestamp))) as as_of
            {%- endif %}
        from zone as z
    ),
    dated as (
        select
            *,
            cast(timezone(
                reporting_time_zone, timezone('UTC', as_of - interval 1 microsecond)
            ) as date) as as_of_date
        from asked
    )
    select
        d.as_of,
        d.as_of_date,
        (select max(extracted_at) from ops.loads where source not in ('erasures', 'closings'))
            as loads_until,
        d.reporting_time_zone,
        (select max(source_time_zone) from raw_mapping.data_sets) as source_time_zone,
        (select max(data_set) from raw_mapping.data_sets) as data_set,
        (select coalesce(max(outcomes), 'won_and_lost') from raw_mapping.data_sets) as outcomes,
        coalesce(
            (select max(version) from agreement.versions where effective_from <= d.as_of_date),
            (select min(version) from agreement.versions)
        ) as agreement_version
    from dated as d
{% endmacro %}
