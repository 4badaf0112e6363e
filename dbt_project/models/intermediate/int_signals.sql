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

-- The types that the agreement speaks of: in its list, or in a criterion.
activity_types as (
    select a.activity_type, max(case when a.must_be_completed then 1 else 0 end) = 1 as must_be_completed
    from (
        select version, activity_type, must_be_completed
        from {{ source('agreement', 'activity_types') }}
        union all
        select version, value, false
        from {{ source('agreement', 'criteria') }}
        where field = 'activity'
        union all
        select version, value, false
        from {{ source('agreement', 'compound_conditions') }}
        where field = 'activity'
    ) as a
    inner join {{ ref('int_agreement_versions') }} as v on a.version = v.version and v.is_in_force
    group by a.activity_type
),

excluded_users as (
    select u.user_id
    from {{ source('agreement', 'excluded_users') }} as u
    inner join {{ ref('int_agreement_versions') }} as v on u.version = v.version and v.is_in_force
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
        c.history_start,
        r.created_at,
        r.created_at_precision,
        {{ changed_date }} as changed_date,
        lag({{ changed_date }}) over history as former_date,
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
            <= c.changed_date
            -- A history that begins later does not say what came between.
            and coalesce(
                {{ reporting_date('c.created_at', 'c.created_at_precision', 'ctx.reporting_time_zone') }}
                >= c.history_start,
                true
            ),
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
        -- Before whatever changed it, also within one second.
        change_key || '/before' as change_key, -1 as chain_position, cast(null as date) as former_date
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
    -- As the record says, whatever its history does. A closed one's stage is stamped by its closing.
    select
        'opportunities', o.opportunity_key as record_key, o.person_key, o.opportunity_key, o.source,
        'stage', r.stage, coalesce(r.stage_at, case when r.outcome <> 'open' then r.closed_at end),
        case when r.stage_at is not null then r.stage_at_precision else r.closed_at_precision end
    from opportunities as o
    inner join {{ ref('int_opportunity_records') }} as r on o.opportunity_key = r.opportunity_key
),

last_changes as (
    select record_entity, record_key, field, value, changed_date
    from changed
    where is_last
),

-- What the record shows today and no change accounts for; undated where nothing stamps it.
current_facts as (
    select
        v.person_key, v.record_key, v.opportunity_key, v.source, v.record_entity, v.field,
        l.value as old_value, v.value, v.value_at as signal_at, v.precision,
        case when v.value_at is not null then 'stamped' else 'observed' end as evidence,
        v.record_key || '/current/' || v.field as change_key, 0 as chain_position,
        l.changed_date as former_date
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

-- What happens to a customer is told apart from how new business closes.
closings as (
    select
        o.person_key, c.opportunity_key as record_key, c.opportunity_key, o.source,
        'opportunities' as record_entity,
        case when o.opportunity_type = 'new_business' then 'opportunity' else o.opportunity_type end
        || '_outcome' as field,
        cast(null as varchar) as old_value, c.outcome as value, c.closed_at as signal_at,
        c.closed_at_precision as precision, c.evidence, c.change_key, 0 as chain_position,
        cast(null as date) as former_date
    from {{ ref('int_opportunity_closings') }} as c
    inner join opportunities as o on c.opportunity_key = o.opportunity_key
    left join {{ ref('int_opportunity_closings') }} as n
        on c.opportunity_key = n.opportunity_key and c.closing_number = n.closing_number - 1
    -- Undated signals come last: one that a later fact undid must not.
    where c.closed_at is not null or (n.opportunity_key is null and o.is_closed)
),

-- No criterion looks at it: an opportunity is open from here on.
creations as (
    select
        person_key, opportunity_key as record_key, opportunity_key, source,
        'opportunities' as record_entity, 'created' as field,
        cast(null as varchar) as old_value, cast(null as varchar) as value,
        created_at as signal_at, created_at_precision as precision, 'stamped' as evidence,
        opportunity_key || '/created' as change_key, 0 as chain_position,
        cast(null as date) as former_date
    from opportunities
    where created_at is not null
),

occurred as (
    select
        a.person_key, a.person_record_key as record_key, cast(null as varchar) as opportunity_key,
        a.source, 'activities' as record_entity, 'activity' as field,
        cast(null as varchar) as old_value, a.activity_type as value, a.occurred_at as signal_at,
        a.occurred_at_precision as precision, 'stamped' as evidence,
        'activities/' || a.activity_key as change_key, 0 as chain_position,
        cast(null as date) as former_date,
        -- What somebody did, as opposed to what a machine sent or a calendar holds.
        t.activity_type is not null
        and not a.is_automated
        and (coalesce(a.is_completed, true) or not t.must_be_completed)
        and x.user_id is null as is_sign_of_life
    from activities as a
    left join activity_types as t on a.activity_type = t.activity_type
    left join excluded_users as x on a.owner_id = x.user_id
    where a.person_key is not null
),

signals as (
    select
        person_key, record_key, opportunity_key, source, record_entity, field, old_value, value,
        signal_at, precision, evidence, change_key, chain_position, former_date,
        field <> 'score' as is_sign_of_life
    from changed
    union all
    select *, field <> 'score' from first_values
    union all
    select *, field <> 'score' from current_facts
    union all
    select *, true from closings
    union all
    select *, true from creations
    union all
    select * from occurred
),

dated as (
    select
        s.*,
        {{ reporting_date('s.signal_at', 's.precision', 'ctx.reporting_time_zone') }} as signal_date,
        {{ moment('s.signal_at', 's.precision', 'ctx.reporting_time_zone') }} as moment
    from signals as s
    cross join context as ctx
)

select
    person_key,
    record_key,
    opportunity_key,
    source,
    -- The law's order of kinds within one moment; identity signals come first and are kind 1.
    case record_entity when 'persons' then 2 when 'activities' then 3 else 4 end as kind_rank,
    case
        when record_entity = 'opportunities' and field in ('stage', 'created')
            then 'opportunity_' || field
        else field
    end as field,
    old_value,
    value,
    signal_at,
    precision,
    signal_date,
    moment,
    former_date,
    evidence,
    change_key,
    chain_position,
    is_sign_of_life
from dated
