{%- set changed_date = reporting_date(
    'c.changed_at', 'c.changed_at_precision', 'ctx.reporting_time_zone'
) -%}

with changes as (
    select * from {{ ref('int_field_changes') }} where has_happened
),

-- What changed after as_of had another value then, which the record of today no longer shows.
changed_later as (
    select distinct record_entity, record_key, field
    from {{ ref('int_field_changes') }}
    where not has_happened
),

persons as (
    select r.*, p.person_key
    from {{ ref('int_person_records') }} as r
    inner join {{ ref('int_persons_resolved') }} as p on r.record_key = p.record_key
),

opportunities as (
    select * from {{ ref('int_opportunities') }}
),

activities as (
    select * from {{ ref('int_activities') }}
),

context as (
    select * from {{ source('ops', 'run_context') }}
),

tracked_records as (
    select
        'persons' as record_entity, record_key, person_key, cast(null as varchar) as opportunity_key,
        source, created_at, created_at_precision
    from persons
    union all
    select
        'opportunities', opportunity_key as record_key, person_key, opportunity_key, source,
        created_at, created_at_precision
    from opportunities
),

-- A history without old values still says what came before: in the row before.
values_before as (
    select
        s.change_key,
        lag(s.new_value) over (
            partition by s.record_entity, s.record_key, s.field
            order by s.changed_at, s.chain_position, s.change_key
        ) as value_before
    from changes as s
    where
        s.change_key like 'field_changes/%'
        and s.record_key in (
            select u.record_key from changes as u
            where u.change_key like 'field_changes/%' and u.old_value is null
        )
),

changed as (
    select
        r.person_key,
        r.record_key,
        r.opportunity_key,
        r.source,
        c.record_entity,
        c.field,
        coalesce(c.old_value, b.value_before) as old_value,
        c.new_value as value,
        c.changed_at as signal_at,
        c.changed_at_precision as precision,
        c.evidence,
        c.change_key,
        c.chain_position,
        r.created_at,
        r.created_at_precision,
        {{ changed_date }} as changed_date,
        lag(c.change_key) over history is null as is_first,
        lead(c.change_key) over history is null as is_last
    from changes as c
    cross join context as ctx
    inner join tracked_records as r
        on c.record_entity = r.record_entity and c.record_key = r.record_key
    left join values_before as b on c.change_key = b.change_key
    window history as (
        partition by c.record_entity, c.record_key, c.field
        order by
            {{ changed_date }}, case when c.changed_at_precision = 'day' then 0 else 1 end,
            c.changed_at, c.chain_position, c.change_key
    )
),

first_changes as (
    select
        c.*,
        coalesce(
            -- Two exports that differ do not say since when the former value held.
            c.change_key like 'field_changes/%'
            and {{ reporting_date('c.created_at', 'c.created_at_precision', 'ctx.reporting_time_zone') }}
            <= {{ reporting_date('c.signal_at', 'c.precision', 'ctx.reporting_time_zone') }},
            false
        ) as is_since_creation
    from changed as c
    cross join context as ctx
    where c.is_first and c.old_value is not null
),

-- Before its first change a record had the old value: since its creation, as far as is known.
first_values as (
    select
        person_key, record_key, opportunity_key, source, record_entity, field,
        cast(null as varchar) as old_value, old_value as value,
        case when is_since_creation then created_at end as signal_at,
        case when is_since_creation then created_at_precision else 'second' end as precision,
        case when is_since_creation then 'inferred' else 'observed' end as evidence,
        change_key || '/before' as change_key, 0 as chain_position
    from first_changes
),

current_values as (
    select
        'persons' as record_entity, record_key, person_key, cast(null as varchar) as opportunity_key,
        source, 'status' as field, status as value, status_at as value_at,
        status_at_precision as precision
    from persons
    union all
    select
        'persons', record_key, person_key, cast(null as varchar), source, 'lifecycle_stage',
        lifecycle_stage, lifecycle_stage_at, lifecycle_stage_at_precision
    from persons
    union all
    select
        'persons', record_key, person_key, cast(null as varchar), source, 'score',
        cast(score as varchar), cast(null as timestamp), 'second'
    from persons
    union all
    -- A closed opportunity's stage is stamped by its closing.
    select
        'opportunities', opportunity_key as record_key, person_key, opportunity_key, source, 'stage',
        stage, coalesce(stage_at, closed_at),
        case when stage_at is not null then stage_at_precision else closed_at_precision end
    from opportunities
),

last_changes as (
    select record_entity, record_key, field, value
    from changed
    where is_last
),

-- What the record shows today and no change accounts for; undated where nothing stamps it.
current_facts as (
    select
        v.person_key, v.record_key, v.opportunity_key, v.source, v.record_entity, v.field,
        cast(null as varchar) as old_value, v.value, v.value_at as signal_at, v.precision,
        case when v.value_at is not null then 'stamped' else 'observed' end as evidence,
        v.record_key || '/current/' || v.field as change_key, 0 as chain_position
    from current_values as v
    cross join context as ctx
    left join last_changes as l
        on
            v.record_entity = l.record_entity
            and v.record_key = l.record_key
            and v.field = l.field
    left join changed_later as c
        on v.record_entity = c.record_entity and v.record_key = c.record_key and v.field = c.field
    where
        v.value is not null
        -- Not in the join: the `or` there compares every record with every other (26 s for 100,000).
        and not coalesce(
            v.value = l.value
            or (v.field = 'score' and try_cast(v.value as double) = try_cast(l.value as double)),
            false
        )
        and c.record_key is null
        and (v.value_at is null or {{ happened_by('v.value_at', 'v.precision') }})
),

outcomes as (
    select
        person_key, opportunity_key as record_key, opportunity_key, source,
        'opportunities' as record_entity, 'outcome' as field,
        cast(null as varchar) as old_value,
        case when is_won then 'won' else 'lost' end as value,
        closed_at as signal_at, closed_at_precision as precision,
        case when closed_at is not null then 'stamped' else 'observed' end as evidence,
        opportunity_key || '/outcome' as change_key, 0 as chain_position
    from opportunities
    where is_closed
),

occurred as (
    select
        person_key, person_record_key as record_key, cast(null as varchar) as opportunity_key, source,
        'activities' as record_entity, 'activity' as field, cast(null as varchar) as old_value,
        activity_type as value, occurred_at as signal_at, occurred_at_precision as precision,
        'stamped' as evidence, 'activities/' || activity_key as change_key, 0 as chain_position
    from activities
    where person_key is not null
),

signals as (
    select
        person_key, record_key, opportunity_key, source, record_entity, field, old_value, value,
        signal_at, precision, evidence, change_key, chain_position
    from changed
    union all
    select * from first_values
    union all
    select * from current_facts
    union all
    select * from outcomes
    union all
    select * from occurred
)

select
    s.person_key,
    s.record_key,
    s.opportunity_key,
    s.source,
    -- The law's order of kinds within one moment; identity signals come first and are kind 1.
    case s.record_entity when 'persons' then 2 when 'activities' then 3 else 4 end as kind_rank,
    case
        when s.record_entity = 'opportunities' and s.field = 'stage' then 'opportunity_stage'
        when s.record_entity = 'opportunities' and s.field = 'outcome' then 'opportunity_outcome'
        else s.field
    end as field,
    s.old_value,
    s.value,
    s.signal_at,
    s.precision,
    {{ reporting_date('s.signal_at', 's.precision', 'ctx.reporting_time_zone') }} as signal_date,
    s.evidence,
    s.change_key,
    s.chain_position
from signals as s
cross join context as ctx
