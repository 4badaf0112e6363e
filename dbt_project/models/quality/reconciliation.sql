{#- Each landed or set-aside row of an entity in exactly one bucket; assert_every_row_has_one_bucket
    compares the sum with what the loads delivered. -#}
with set_aside as (
    select object as entity, count(*) as row_count
    from {{ source('ops', 'set_aside_rows') }}
    group by object
),

landed as (
    {%- for entity in file_entities() %}
    select '{{ entity }}' as entity, count(*) as landed from {{ source('raw_files', entity) }}
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
),

uncast as (
    select entity, count(*) as quarantined
    from {{ ref('base_files__uncast_rows') }}
    group by entity
),

staged as (
    select l.entity, l.landed, coalesce(u.quarantined, 0) as quarantined
    from landed as l
    left join uncast as u on l.entity = u.entity
),

latest as (
    {%- for entity in file_entities() %}
    select
        '{{ entity }}' as entity,
        count(*) as records,
        sum(case when is_record_deleted then 1 else 0 end) as deleted
    from {{ ref('stg_files__' ~ entity) }}
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
),

-- The record that stays speaks for them.
merged as (
    select distinct 'persons' as entity, s.record_key, s.is_record_deleted
    from {{ ref('stg_files__persons') }} as s
    inner join {{ ref('int_person_links') }} as l
        on s.record_key = l.record_key and l.kind = 'merge' and l.has_happened
),

merged_counts as (
    select
        entity,
        count(*) as merged,
        sum(case when is_record_deleted then 1 else 0 end) as merged_deleted,
        sum(case when is_record_deleted then 0 else 1 end) as merged_there
    from merged
    group by entity
),

attached_accounts as (
    select account_key from {{ ref('int_opportunities') }} where account_key is not null
    union
    select account_key from {{ ref('int_persons') }} where account_key is not null
),

in_funnel as (
    select 'persons' as entity, count(*) as row_count
    from {{ ref('stg_files__persons') }} as s
    inner join {{ ref('int_persons_resolved') }} as r on s.record_key = r.record_key
    left join merged as m on s.record_key = m.record_key
    where not s.is_record_deleted and m.record_key is null
    union all
    select 'opportunities', count(*)
    from {{ ref('stg_files__opportunities') }} as s
    inner join {{ ref('int_opportunities') }} as o on s.record_key = o.opportunity_key
    where not s.is_record_deleted
    union all
    select 'accounts', count(*)
    from {{ ref('stg_files__accounts') }} as s
    inner join {{ ref('int_accounts_resolved') }} as r on s.record_key = r.record_key
    inner join attached_accounts as a on r.account_key = a.account_key
    where not s.is_record_deleted
    union all
    select 'activities', count(*)
    from {{ ref('int_activities') }} as a
    inner join {{ ref('stg_files__activities') }} as s on a.activity_key = s.record_key
    where a.person_key is not null and not s.is_record_deleted
    union all
    select 'field_changes', count(*)
    from {{ ref('int_field_changes') }} as c
    inner join {{ ref('stg_files__field_changes') }} as s on c.change_key = 'field_changes/' || s.record_key
    where c.has_happened and not s.is_record_deleted
    union all
    select 'opportunity_persons', count(*) from {{ ref('int_opportunity_persons') }}
    union all
    select 'opportunity_snapshots', count(*)
    from {{ ref('stg_files__opportunity_snapshots') }} as s
    inner join {{ ref('int_opportunities') }} as o
        on {{ reference_key('s', 'opportunity_id') }} = o.opportunity_key
    where not s.is_record_deleted
),

buckets as (
    select entity, 'set_aside' as bucket, row_count from set_aside
    union all
    select entity, 'quarantined', quarantined from staged
    union all
    -- Earlier versions of records that are counted below, and repeats of them.
    select s.entity, 'superseded', s.landed - s.quarantined - l.records
    from staged as s
    inner join latest as l on s.entity = l.entity
    union all
    select l.entity, 'deleted', l.deleted - coalesce(m.merged_deleted, 0)
    from latest as l
    left join merged_counts as m on l.entity = m.entity
    union all
    select l.entity, 'merged', coalesce(m.merged, 0)
    from latest as l
    left join merged_counts as m on l.entity = m.entity
    where l.entity = 'persons'
    union all
    select entity, 'in_funnel', row_count from in_funnel
    union all
    -- Looked up, or not yet of this run's time: kept, and counted nowhere else.
    select
        l.entity,
        'reference',
        l.records - l.deleted - coalesce(f.row_count, 0) - coalesce(m.merged_there, 0)
    from latest as l
    left join merged_counts as m on l.entity = m.entity
    left join in_funnel as f on l.entity = f.entity
)

select entity, bucket, cast(coalesce(row_count, 0) as bigint) as row_count
from buckets
