{%- set changed_date = reporting_date(
    'c.changed_at', 'c.changed_at_precision', 'ctx.reporting_time_zone'
) -%}

with changes as (
    select * from {{ ref('int_field_changes') }}
),

-- What changed after as_of had another value then, which the record of today no longer shows.
changed_later as (
    select distinct record_entity, record_key, field
    from changes
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
    -- Merged away before any export: only links and changes tell of such an id.
    select
        'persons', record_key, person_key, cast(null as varchar),
        {{ dbt.split_part('record_key', "'/'", 1) }}, cast(null as timestamp), 'second'
    from {{ ref('int_persons_resolved') }}
    where not is_record
    union all
    select
        'opportunities', opportunity_key as record_key, person_key, opportunity_key, source,
        created_at, created_at_precision
    from opportunities
),

told as (
    select
        r.person_key,
        r.record_key,
        r.opportunity_key,
        r.source,
        c.record_entity,
        c.field,
        c.old_value,
        c.new_value as value,
        c.changed_at as signal_at,
        c.changed_at_precision as precision,
        c.evidence,
        c.change_key,
        c.chain_position,
        c.history_start,
        c.has_happened,
        r.created_at,
        r.created_at_precision,
        {{ changed_date }} as changed_date,
        {{ reporting_date('r.created_at', 'r.created_at_precision', 'ctx.reporting_time_zone') }}
            as created_date
    from changes as c
    cross join context as ctx
    inner join tracked_records as r
        on c.record_entity = r.record_entity and c.record_key = r.record_key
),

histories as (
    select
        *,
        lag(changed_date) over history as date_before,
        lag(value) over history as value_before,
        lag(change_key) over history as change_key_before,
        first_value(change_key) over history as first_change_key,
        first_value(old_value) over history as oldest_value,
        first_value(changed_date) over history as first_changed_date,
        lead(change_key) over history is null as is_last
    from told
    window history as (
        partition by record_entity, record_key, field
        order by
            changed_date, case when precision = 'day' then 0 else 1 end, signal_at, chain_position,
            change_key
    )
),

-- Before its first change a record had the old value: since its creation, as far as is known.
changed as (
    select
        * {{ exclude_columns(['old_value']) }},
        coalesce(
            old_value,
            -- A history without old values still says what came before: in the row before.
            case
                when change_key like 'field_changes/%' and change_key_before like 'field_changes/%'
                    then value_before
            end
        ) as old_value,
        change_key = first_change_key as is_first,
        coalesce(
            oldest_value is not null
            -- Two exports that differ do not say since when the former value held.
            and first_change_key like 'field_changes/%'
            and created_date <= first_changed_date
            -- A history that begins later does not say what came between.
            and (history_start is null or created_date >= history_start),
            false
        ) as is_known_since_creation
    from histories
),

first_values as (
    select
        person_key, record_key, opportunity_key, source, record_entity, field,
        cast(null as varchar) as old_value, old_value as value,
        case when is_known_since_creation then created_at end as signal_at,
        case when is_known_since_creation then created_at_precision else 'second' end as precision,
        case when is_known_since_creation then 'inferred' else 'observed' end as evidence,
        change_key || '/before' as change_key, 0 as chain_position, cast(null as date) as former_date,
        false as is_former_undated
    from changed
    where is_first and old_value is not null
),

changes_so_far as (
    select
        person_key, record_key, opportunity_key, source, record_entity, field, old_value, value,
        signal_at, precision, evidence, change_key,
        -- Behind the value since creation, also where both have one moment.
        chain_position
        + case
            when
                is_known_since_creation and signal_at = created_at
                and precision = created_at_precision
                then 1
            else 0
        end as chain_position,
        case
            when not is_first then date_before
            when old_value is not null and is_known_since_creation then created_date
        end as former_date,
        is_first and old_value is not null and not is_known_since_creation as is_former_undated,
        changed_date,
        is_last
    from changed
    where has_happened
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
    from changes_so_far
    where is_last
),

-- What the record shows today and no change accounts for; undated where nothing stamps it.
current_facts as (
    select
        v.person_key, v.record_key, v.opportunity_key, v.source, v.record_entity, v.field,
        l.value as old_value, v.value, v.value_at as signal_at, v.precision,
        case when v.value_at is not null then 'stamped' else 'observed' end as evidence,
        v.record_key || '/current/' || v.field as change_key,
        -- Behind the changes, also where it has the moment of one.
        case when l.record_key is not null then 1000000 else 0 end as chain_position,
        l.changed_date as former_date, false as is_former_undated
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
        cast(null as date) as former_date, false as is_former_undated
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
        cast(null as date) as former_date, false as is_former_undated
    from opportunities
    where created_at is not null
),

-- Nor at this: what is deleted holds no pass open.
deletions as (
    select
        o.person_key, o.opportunity_key as record_key, o.opportunity_key, o.source,
        'opportunities' as record_entity, 'deleted' as field,
        cast(null as varchar) as old_value, cast(null as varchar) as value,
        o.deleted_at as signal_at, r.deleted_at_precision as precision, 'observed' as evidence,
        o.opportunity_key || '/deleted' as change_key, 0 as chain_position,
        cast(null as date) as former_date, false as is_former_undated
    from opportunities as o
    inner join {{ ref('int_opportunity_records') }} as r on o.opportunity_key = r.opportunity_key
    where o.deleted_at is not null
),

occurred as (
    select
        a.person_key, a.person_record_key as record_key, cast(null as varchar) as opportunity_key,
        a.source, 'activities' as record_entity, 'activity' as field,
        cast(null as varchar) as old_value, a.activity_type as value, a.occurred_at as signal_at,
        a.occurred_at_precision as precision, 'stamped' as evidence,
        'activities/' || a.activity_key as change_key, 0 as chain_position,
        cast(null as date) as former_date, false as is_former_undated,
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
        signal_at, precision, evidence, change_key, chain_position, former_date, is_former_undated,
        -- A new owner or telephone number is none.
        field in ('status', 'lifecycle_stage', 'stage') as is_sign_of_life
    from changes_so_far
    union all
    select *, field in ('status', 'lifecycle_stage', 'stage') from first_values
    union all
    select *, field <> 'score' from current_facts
    union all
    select *, true from closings
    union all
    select *, true from creations
    union all
    -- Nobody need have done it: a difference of exports tells of it too.
    select *, false from deletions
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
        when record_entity = 'opportunities' and field in ('stage', 'created', 'deleted')
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
    is_former_undated,
    evidence,
    change_key,
    chain_position,
    is_sign_of_life
from dated
