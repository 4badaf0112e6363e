{%- set fields = opportunity_fields() -%}
{%- set without_stage = fields.keys() | reject('equalto', 'stage') | list -%}

with opportunities as (
    select * from {{ ref('int_opportunity_records') }}
),

context as (
    select * from {{ source('ops', 'run_context') }}
),

field_changes as (
    select *
    from {{ ref('int_field_changes') }}
    where
        record_entity = 'opportunities'
        and field in ('{{ fields.values() | join("', '") }}')
),

delivered_changes as (
    select 'field_changes/' || record_key as change_key, instance, load_id
    from {{ ref('stg_files__field_changes') }}
    where record_entity = 'opportunities'
),

loads as (
    select load_id, formats, time_zone from {{ source('ops', 'loads') }}
),

snapshots as (
    select
        s.*,
        {{ reference_key('s', 'opportunity_id') }} as opportunity_key,
        {{ reference_key('s', 'owner_id') }} as owner_key,
        {{ reporting_date(
            's.expected_close_at', 's.expected_close_at_precision', 'ctx.reporting_time_zone'
        ) }} as expected_close_date
    from {{ ref('stg_files__opportunity_snapshots') }} as s
    cross join context as ctx
    where s.taken_at is not null
),

-- A history has the unit that the source's opportunities have.
percents as (
    select source, instance, 100 as unit
    from {{ source('raw_mapping', 'units') }}
    where entity = 'opportunities' and field = 'probability' and unit = 'percent'
    group by source, instance
),

told as (
    select
        c.*,
        d.instance,
        coalesce(u.unit, 1) as unit,
        l.formats,
        l.time_zone,
        ctx.reporting_time_zone
    from field_changes as c
    cross join context as ctx
    left join delivered_changes as d on c.change_key = d.change_key
    left join loads as l on d.load_id = l.load_id
    left join percents as u on c.source = u.source and d.instance = u.instance
),

dated as (
    select
        *,
        {%- for side in ['old_value', 'new_value'] %}
        coalesce(
            {{ parsed_timestamp(side, "formats['*']", 'time_zone') }},
            {{ parsed_timestamp(side, "'ISO'", 'time_zone') }}
        ) as {{ side }}_at,
        case
            when
                {{ parsed_timestamp(side, "formats['*']", 'time_zone') }} is not null
                and {{ is_date_only(side, "formats['*']") }}
                then 'day'
            when length({{ side }}) <= 10 then 'day'
            else 'second'
        end as {{ side }}_precision,
        {{ parsed_number(side, "formats['decimal_mark']", "formats['thousands_mark']") }}
            as {{ side }}_number,
        {%- endfor %}
        reporting_time_zone as zone
    from told
),

typed as (
    select
        record_key as opportunity_key,
        case field
            {%- for column, field in fields.items() %}
            when '{{ field }}' then '{{ column }}'
            {%- endfor %}
        end as field,
        {%- for side in ['old_value', 'new_value'] %}
        case field
            when 'amount' then cast({{ side }}_number as varchar)
            when 'probability' then cast({{ share(side ~ '_number / unit') }} as varchar)
            when 'expected_close_at'
                then cast({{ reporting_date(side ~ '_at', side ~ '_precision', 'zone') }} as varchar)
            when 'owner_id' then {{ record_key('source', 'instance', side) }}
            else {{ side }}
        end as {{ side }},
        {%- endfor %}
        changed_at,
        changed_at_precision,
        evidence,
        change_key,
        chain_position
    from dated
),

looks as (
    {%- for column in fields %}
    select
        opportunity_key,
        source,
        instance,
        '{{ column }}' as field,
        cast({{ column }} as varchar) as new_value,
        taken_at as changed_at,
        taken_at_precision as changed_at_precision,
        record_key || '/{{ column }}' as change_key
    from snapshots
    where {{ column }} is not null
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
),

-- Where a source tells its own history, a difference of exports is the same change again.
with_history as (
    select d.instance, c.source, c.field
    from told as c
    inner join delivered_changes as d on c.change_key = d.change_key
    group by d.instance, c.source, c.field
    union
    select
        instance, source,
        case field
            {%- for column, field in fields.items() %}
            when '{{ column }}' then '{{ field }}'
            {%- endfor %}
        end as field
    from looks
),

repeated as (
    select record_key
    from {{ ref('base_files__opportunities') }}
    group by record_key
    having count(*) > 1
),

versions as (
    select
        v.record_key,
        v.source,
        v.instance,
        v.load_id,
        v.line,
        v.exported_at,
        v.amount,
        v.currency,
        {{ share('v.probability') }} as probability,
        v.forecast_category,
        {{ reporting_date(
            'v.expected_close_at', 'v.expected_close_at_precision', 'ctx.reporting_time_zone'
        ) }} as expected_close_date,
        {{ reference_key('v', 'owner_id') }} as owner_key
    from {{ ref('base_files__opportunities') }} as v
    cross join context as ctx
    inner join repeated as r on v.record_key = r.record_key
    where v.cast_problem is null
),

field_versions as (
    {%- for column in without_stage %}
    select
        v.record_key, '{{ column }}' as field, cast(v.{{ column }} as varchar) as value,
        v.exported_at, v.load_id, v.line
    from versions as v
    left join with_history as h
        on v.source = h.source and v.instance = h.instance and h.field = '{{ fields[column] }}'
    where h.field is null
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
),

compared as (
    select
        *,
        lag(value) over (
            partition by record_key, field order by exported_at, load_id, line
        ) as old_value,
        row_number() over (
            partition by record_key, field order by exported_at, load_id, line
        ) as version_number
    from field_versions
),

changes as (
    select
        opportunity_key, field, old_value, old_value is not null as is_old_value_known, new_value,
        changed_at, changed_at_precision, evidence, change_key, chain_position
    from typed
    where new_value is not null
    union all
    select
        opportunity_key, field, cast(null as varchar), false, new_value, changed_at,
        changed_at_precision, 'observed', change_key, 0
    from looks
    union all
    select
        record_key, field, old_value, true, value, exported_at, 'second', 'observed',
        record_key || '/load/' || load_id || '/' || cast(line as varchar) || '/' || field, 0
    from compared
    where version_number > 1 and value is distinct from old_value
),

present as (
    {%- for column in fields %}
    select
        opportunity_key,
        '{{ column }}' as field,
        cast({{ column }} as varchar) as value,
        {% if column == 'stage' -%}
        -- A closing date stamps a closed stage; on an open deal it is a hope.
        coalesce(stage_at, case when outcome in ('won', 'lost') then closed_at end) as value_at,
        case when stage_at is not null then stage_at_precision else closed_at_precision end
            as value_precision,
        {% else -%}
        cast(null as timestamp) as value_at,
        'second' as value_precision,
        {% endif -%}
        created_at,
        created_at_precision,
        created_date,
        coalesce(updated_at, exported_at) as seen_at,
        case when updated_at is not null then updated_at_precision else 'second' end
            as seen_precision
    from opportunities
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
),

-- Several dates of one day: what the record shows today came last.
placed as (
    select
        c.*,
        p.value as present_value,
        p.created_date,
        {{ moment('c.changed_at', 'c.changed_at_precision', 'ctx.reporting_time_zone') }}
            as moment,
        {{ reporting_date('c.changed_at', 'c.changed_at_precision', 'ctx.reporting_time_zone') }}
            as changed_date
    from changes as c
    cross join context as ctx
    inner join present as p on c.opportunity_key = p.opportunity_key and c.field = p.field
),

numbered as (
    select
        *,
        row_number() over (
            partition by opportunity_key, field
            order by
                moment, case when changed_at_precision = 'day' then 0 else 1 end, chain_position,
                case when new_value = present_value then 1 else 0 end, change_key
        ) as change_number,
        count(*) over (partition by opportunity_key, field) as change_count
    from placed
),

dated_present as (
    select
        p.*,
        {{ reporting_date('p.value_at', 'p.value_precision', 'ctx.reporting_time_zone') }}
            as value_date
    from present as p
    cross join context as ctx
),

-- What the record shows and no change accounts for.
unaccounted as (
    select
        p.opportunity_key,
        p.field,
        p.value,
        case when p.value_date >= l.changed_date or l.change_key is null then p.value_at end
            as value_at,
        p.value_precision,
        p.value_date,
        p.seen_at,
        p.seen_precision
    from dated_present as p
    left join numbered as l
        on
            p.opportunity_key = l.opportunity_key
            and p.field = l.field
            and l.change_number = l.change_count
    where
        p.value is not null
        and p.value is distinct from l.new_value
        -- Without a date of its own and without any change it was so from the beginning.
        and (l.change_key is not null or p.value_at is not null)
),

-- Before its first change a field had the old value. A first change on the day of the creation is
-- the creation's own. Else nobody knows: a stage is unknown, the rest as it was first known.
initial as (
    select
        p.opportunity_key,
        p.field,
        case
            when f.change_key is null and (u.field is null or u.value_date <= p.created_date)
                then p.value
            when f.is_old_value_known then f.old_value
            when p.field <> 'stage' or f.changed_date <= p.created_date then f.new_value
        end as new_value,
        p.created_at as changed_at,
        p.created_at_precision as changed_at_precision
    from present as p
    left join numbered as f
        on p.opportunity_key = f.opportunity_key and p.field = f.field and f.change_number = 1
    left join unaccounted as u on p.opportunity_key = u.opportunity_key and p.field = u.field
),

everything as (
    select
        opportunity_key, field, new_value, changed_at, changed_at_precision,
        'inferred' as evidence, opportunity_key || '/created/' || field as change_key,
        0 as change_number
    from initial
    union all
    select
        opportunity_key, field, new_value, changed_at, changed_at_precision, evidence, change_key,
        change_number
    from numbered
    union all
    select
        opportunity_key, field, value, coalesce(value_at, seen_at),
        case when value_at is not null then value_precision else seen_precision end,
        case when value_at is not null then 'stamped' else 'observed' end,
        opportunity_key || '/current/' || field, 1000000
    from unaccounted
)

select
    e.opportunity_key,
    e.field,
    e.new_value as value,
    e.changed_at,
    e.changed_at_precision,
    {{ moment('e.changed_at', 'e.changed_at_precision', 'ctx.reporting_time_zone') }} as moment,
    e.evidence,
    e.change_key,
    e.change_number,
    e.change_number = 0 as is_initial,
    e.change_number = 0 or {{ happened_by('e.changed_at', 'e.changed_at_precision') }}
        as has_happened
from everything as e
cross join context as ctx
