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

{#- A digest of the engine's own code. -#}
{% macro engine_code() -%}
    {#- The checksum of a model is that of its file: what the folds take from macros comes beside it. -#}
    {%- set code = [
        pass_item(), ends_pass(), resumes_pass('is_known'), steps_back(), rank_after(),
        opportunities_not_lost(), fold('items', 'state', 'step')
    ] -%}
    {%- if execute -%}
        {%- for node in graph.nodes.values() if node.config.materialized == 'incremental' -%}
            {%- do code.append(node.checksum.checksum) -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(local_md5(code | sort | join)) }}
{%- endmacro %}

{#- All that the engine's result depends on beside the signals of a person, as one text expression. -#}
{% macro engine_version(context='ctx') -%}
    (
        '{{ engine_code() }}/' || {{ context }}.reporting_time_zone || '/'
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

{#-
    Where the code of the engine is another one than that which built it, or where no build came to its
    end, nothing of it is worth keeping: dropped, it is built anew.
-#}
{% macro drop_outdated_engine() -%}
    {%- if execute and flags.WHICH in ['build', 'run'] -%}
        {%- set built = adapter.get_relation(target.database, 'intermediate', 'int_persons_built') -%}
        {%- set version = 'none' -%}
        {%- if built -%}
            {%- set version = run_query(
                'select max(' ~ dbt.split_part('engine_version', "'/'", 1) ~ ') from ' ~ built
            ).columns[0][0] -%}
        {%- endif -%}
        {%- if version != engine_code() -%}
            {%- for node in graph.nodes.values() if node.config.materialized == 'incremental' -%}
                {%- set relation = adapter.get_relation(target.database, node.schema, node.name) -%}
                {%- if relation -%}
                    {%- do adapter.drop_relation(relation) -%}
                {%- endif -%}
            {%- endfor -%}
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}
