{#-
    The engine computes a person's whole history at once, and at each run only that of the persons whom
    something happened to. Incremental models select from int_affected_persons; before they add, the rows
    of these persons go.
    On an engine whose tables know no delete, the hash buckets of these persons are overwritten instead.
-#}
{% macro forget_persons(model='int_affected_persons') -%}
    {%- if is_incremental() -%}
    delete from {{ this }} where person_key in (select person_key from {{ ref(model) }})
    {%- endif -%}
{%- endmacro %}

{#- What a row holds, as a number that can be summed over rows in any order. -#}
{% macro row_digest(columns) -%}
    {{ adapter.dispatch('row_digest')(columns) }}
{%- endmacro %}
{% macro default__row_digest(columns) -%}
    cast(xxhash64({{ columns | join(', ') }}) as decimal(38, 0))
{%- endmacro %}
{% macro duckdb__row_digest(columns) -%}
    cast(hash({{ columns | join(', ') }}) as hugeint)
{%- endmacro %}

{#- All that the engine's result depends on beside the signals of a person, as one text expression. -#}
{% macro engine_version(context='ctx') -%}
    {#- The checksum of a model is that of its file: what the folds take from macros comes beside it. -#}
    {%- set code = [
        pass_item(), ends_pass(), resumes_pass('is_known'), steps_back(), rank_after(),
        opportunities_left_open(), fold('items', 'state', 'step')
    ] -%}
    {%- if execute -%}
        {%- for node in graph.nodes.values() if node.config.materialized == 'incremental' -%}
            {%- do code.append(node.checksum.checksum) -%}
        {%- endfor -%}
    {%- endif -%}
    (
        '{{ local_md5(code | sort | join) }}/' || {{ context }}.reporting_time_zone || '/'
        || cast({{ context }}.agreement_version as varchar) || '/'
        || (
            select {{ dbt.listagg('digest', "'/'", 'order by version') }}
            from {{ source('agreement', 'versions') }}
        )
    )
{%- endmacro %}

{#- Whether a former run left all that an increment adds to. -#}
{% macro is_engine_built() -%}
    {%- set missing = [] -%}
    {%- if flags.FULL_REFRESH -%}
        {%- do missing.append('all of it') -%}
    {%- endif -%}
    {%- if execute -%}
        {%- set needed = [{'schema': 'intermediate', 'name': 'int_persons_built'}] -%}
        {%- for node in graph.nodes.values() if node.config.materialized == 'incremental' -%}
            {%- do needed.append({'schema': node.schema, 'name': node.name}) -%}
        {%- endfor -%}
        {%- for one in needed -%}
            {%- if not adapter.get_relation(this.database, one.schema, one.name) -%}
                {%- do missing.append(one.name) -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(missing | length == 0) }}
{%- endmacro %}
