{#- Of each layer as many as of the one before it: a join that doubles or loses a row shows here. -#}
{%- set by_file = [
    'activities', 'field_changes', 'opportunity_persons', 'opportunity_snapshots', 'currency_rates'
] -%}
{%- set key_of_record = "_source || '/' || _instance || '/' || trim(_record_id)" -%}
{%- set key_in_file = "_source || '/' || _instance || '/' || _export || '/' || trim(_record_id)" -%}
with raw_records as (
    {%- for entity in file_entities() %}
    select
        '{{ entity }}' as entity,
        count(distinct {{ key_in_file if entity in by_file else key_of_record }}) as records
    from {{ source('raw_files', entity) }}
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
),

-- Of a record with one version that casts that one is kept; with none it is quarantined.
uncast as (
    {%- for entity in file_entities() %}
    select '{{ entity }}' as entity, count(*) as records
    from (
        select record_key
        from {{ ref('base_files__' ~ entity) }}
        group by record_key
        having count(*) = count(cast_problem)
    ) as quarantined
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
),

staged as (
    {%- for entity in file_entities() %}
    select '{{ entity }}' as entity, count(*) as records from {{ ref('stg_files__' ~ entity) }}
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
),

placeholders as (
    select count(distinct person_key) as persons
    from {{ ref('int_opportunities') }}
    where is_placeholder_person
),

layers as (
    select 'staging ' || r.entity as what, r.records - u.records as expected, s.records as found
    from raw_records as r
    inner join uncast as u on r.entity = u.entity
    inner join staged as s on r.entity = s.entity
    union all
    select
        'int_person_records',
        (
            select count(*)
            from {{ ref('stg_files__persons') }} as p
            cross join {{ source('ops', 'run_context') }} as ctx
            where p.created_at is null or {{ happened_by('p.created_at', 'p.created_at_precision') }}
        ),
        (select count(*) from {{ ref('int_person_records') }})
    union all
    select
        'int_persons_resolved',
        (select count(*) from {{ ref('int_person_records') }}),
        (select count(*) from {{ ref('int_persons_resolved') }} where is_record)
    union all
    select
        'dim_persons',
        (select count(distinct person_key) from {{ ref('int_persons_resolved') }})
        + (select persons from placeholders),
        (select count(*) from {{ ref('dim_persons') }})
    union all
    select
        'dim_persons.record_count',
        (select count(*) from {{ ref('int_person_records') }}),
        (select coalesce(sum(record_count), 0) from {{ ref('dim_persons') }})
    union all
    select
        'dim_person_details',
        (select count(distinct person_key) from {{ ref('int_persons_resolved') }}),
        (select count(*) from {{ ref('dim_person_details') }})
    union all
    select
        'dim_accounts',
        (select count(distinct account_key) from {{ ref('int_accounts_resolved') }}),
        (select count(*) from {{ ref('dim_accounts') }})
    union all
    select
        'dim_accounts.record_count',
        (select count(*) from {{ ref('int_account_records') }}),
        (select coalesce(sum(record_count), 0) from {{ ref('dim_accounts') }})
    union all
    select
        'dim_owners',
        (select count(*) from {{ ref('stg_files__owners') }}),
        (select count(*) from {{ ref('dim_owners') }})
    union all
    select
        'int_activities',
        (
            select count(*)
            from {{ ref('stg_files__activities') }} as a
            cross join {{ source('ops', 'run_context') }} as ctx
            where {{ happened_by('a.occurred_at', 'a.occurred_at_precision') }}
        ),
        (select count(*) from {{ ref('int_activities') }})
    union all
    -- A touch is a signal of its person once.
    select
        'int_signals of activities',
        (select count(*) from {{ ref('int_activities') }} where person_key is not null),
        (select count(*) from {{ ref('int_signals') }} where field = 'activity')
    union all
    select
        'fct_passes',
        (
            select count(distinct person_key || '#' || cast(pass_number as varchar))
            from {{ ref('int_stage_transitions') }}
        ),
        (select count(*) from {{ ref('fct_passes') }})
    union all
    select
        'fct_stage_transitions',
        (select count(*) from {{ ref('int_stage_transitions') }}),
        (select count(*) from {{ ref('fct_stage_transitions') }})
    union all
    select
        'fct_pass_stages',
        (select count(*) from {{ ref('fct_passes') }})
        * (select count(*) from {{ ref('int_agreed_stages') }}),
        (select count(*) from {{ ref('fct_pass_stages') }})
    union all
    select
        'int_journeys',
        (select count(*) from {{ ref('fct_passes') }})
        + (select count(*) from {{ ref('fct_opportunities') }} where not is_deleted),
        (select count(*) from {{ ref('int_journeys') }})
)

select * from layers
where expected <> found
