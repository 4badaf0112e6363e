{%- set by_file = [
    'contents', 'campaigns', 'activities', 'field_changes', 'opportunity_persons',
    'opportunity_snapshots', 'currency_rates'
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
    select
        'fct_touches',
        (select count(*) from {{ ref('int_activities') }} where person_key is not null),
        (select count(*) from {{ ref('fct_touches') }})
    union all
    select
        'dim_content',
        (
            select count(*)
            from {{ ref('stg_files__contents') }} as c
            cross join {{ source('ops', 'run_context') }} as ctx
            where c.created_at is null or {{ happened_by('c.created_at', 'c.created_at_precision') }}
        )
        + (select count(distinct content_key) from {{ ref('int_content_names') }} where is_lost),
        (select count(*) from {{ ref('dim_content') }})
    union all
    select
        'dim_campaigns',
        (
            select count(*)
            from {{ ref('stg_files__campaigns') }} as c
            cross join {{ source('ops', 'run_context') }} as ctx
            where c.created_at is null or {{ happened_by('c.created_at', 'c.created_at_precision') }}
        ),
        (select count(*) from {{ ref('dim_campaigns') }})
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
    union all
    -- Of a reference that is told by id and by name, the name is no change of its own.
    select
        'int_field_changes, delivered',
        (
            select count(*)
            from {{ ref('stg_files__field_changes') }}
            where
                changed_at is not null
                and not (coalesce(value_kind, 'id') = 'label' and {{ dbt.right('field', 3) }} = '_id')
        ),
        (select count(*) from {{ ref('int_field_changes') }} where change_key like 'field_changes/%')
    union all
    select
        'int_handoffs',
        (
            select count(distinct {{ dbt.concat([
                't.person_key', "'#'", 'cast(t.pass_number as varchar)', "'/'",
                'cast(t.round_number as varchar)'
            ]) }})
            from {{ ref('int_transition_rounds') }} as t
            inner join {{ source('agreement', 'stage_roles') }} as r
                on t.to_stage = r.stage and r.role = 'hand_off'
            inner join {{ ref('int_agreement_versions') }} as v on r.version = v.version and v.is_in_force
            where t.kind not in ('back', 'reopen')
        ),
        (select count(*) from {{ ref('int_handoffs') }})
    union all
    select
        'fct_handoffs',
        (select count(*) from {{ ref('int_handoffs') }}),
        (select count(*) from {{ ref('fct_handoffs') }})
    union all
    select
        'rpt_rejected_leads',
        (select count(*) from {{ ref('fct_handoffs') }} where decision <> 'accepted'),
        (select count(*) from {{ ref('rpt_rejected_leads') }})
    union all
    select
        'rpt_handoff_acceptance',
        (select count(*) from {{ ref('fct_handoffs') }} where handed_off_date is not null),
        (
            select coalesce(sum(handoffs), 0)
            from {{ ref('rpt_handoff_acceptance') }}
            where segment = 'all' and period_type = 'all'
        )
    union all
    select
        'fct_sla_clocks of hand-offs',
        (select count(*) from {{ ref('int_sla_clocks_started') }}),
        (select count(*) from {{ ref('fct_sla_clocks') }} where handoff_key is not null)
    union all
    select
        'rpt_sla_attainment of clocks',
        (select count(*) from {{ ref('fct_sla_clocks') }} where handoff_key is not null),
        (
            select coalesce(sum(n), 0)
            from {{ ref('rpt_sla_attainment') }}
            where segment = 'all' and period_type = 'all'
        )
)

select what as layer, cast(expected as bigint) as expected, cast(found as bigint) as found
from layers
