{%- set closed_vocabularies = [
    ('persons', 'status'), ('persons', 'lifecycle_stage'), ('opportunities', 'stage'),
    ('opportunity_snapshots', 'stage'), ('opportunities', 'is_won'), ('opportunities', 'is_closed'), ('field_changes', 'new_value')
] -%}

with entries as (
    select * from {{ ref('int_stage_entries') }} where journey_type = 'pass'
),

transitions as (
    select * from {{ ref('int_stage_transitions') }}
),

context as (
    select * from {{ source('ops', 'run_context') }}
),

opportunities as (
    select * from {{ ref('int_opportunities') }} where not is_deleted
),

persons as (
    select * from {{ ref('int_person_records') }}
),

resolved as (
    select * from {{ ref('int_persons_resolved') }}
),

matched_persons as (
    select * from {{ ref('int_persons') }}
),

former_emails as (
    select * from {{ ref('former_emails') }}
),

owners as (
    select * from {{ ref('int_owners') }}
),

products as (
    select * from {{ ref('stg_files__products') }}
),

value_maps as (
    select * from {{ source('raw_mapping', 'value_maps') }}
),

quarantined as (
    select * from {{ ref('quarantined_rows') }}
),

-- Kept, counted, signed: a stage entered for the first time after a later one.
inverted as (
    select
        'stage_dates_inverted' as finding, 'warning' as severity, 'passes' as entity,
        t.person_key || '#' || cast(t.pass_number as varchar) as record_key,
        t.from_stage || ' on '
        || {{ reporting_text('e.entered_at', 'e.precision', 'ctx.reporting_time_zone') }}
        || ' is before ' || t.to_stage || ' on '
        || {{ reporting_text('t.transition_at', 't.precision', 'ctx.reporting_time_zone') }} as detail
    from transitions as t
    cross join context as ctx
    inner join entries as e
        on
            t.person_key || '#' || cast(t.pass_number as varchar) = e.journey_key
            and t.from_stage = e.stage
    where t.kind = 'enter' and t.transition_date is not null
),

without_account as (
    select
        'opportunity_without_account' as finding, 'warning' as severity,
        'opportunities' as entity, opportunity_key as record_key,
        case
            when account_record_key is null
                then 'stage ' || coalesce(stage, 'unknown') || ', no account'
            else 'account ' || account_record_key || ' is in no file'
        end as detail
    from opportunities
    where account_key is null
),

-- Where a data set knows no persons at all, each opportunity has a placeholder by design.
without_person as (
    select
        'opportunity_without_person' as finding, 'warning' as severity,
        'opportunities' as entity, opportunity_key as record_key,
        'a placeholder person stands in' as detail
    from opportunities
    where is_placeholder_person and exists (select 1 from persons)
),

without_owner as (
    select
        'owner_not_found' as finding, 'warning' as severity, 'opportunities' as entity,
        o.opportunity_key as record_key, 'owner ' || o.owner_key || ' is in no file' as detail
    from opportunities as o
    left join owners as w on o.owner_key = w.owner_key
    where
        o.owner_key is not null
        and w.owner_key is null
        and o.source in (select known.source from owners as known)
),

without_product as (
    select
        'product_not_found' as finding, 'warning' as severity, 'opportunities' as entity,
        o.opportunity_key as record_key, 'product ' || o.product || ' is in no file' as detail
    from opportunities as o
    left join products as p on o.source = p.source and o.product in (p.record_id, p.name)
    where
        o.product is not null
        and p.record_key is null
        and o.source in (select known.source from products as known)
),

closed_undated as (
    select
        'closed_without_date' as finding, 'warning' as severity, 'opportunities' as entity,
        opportunity_key as record_key, 'closed, but no closing date' as detail
    from opportunities
    where is_closed and closed_at is null
),

without_rate as (
    select
        'amount_without_rate' as finding, 'warning' as severity, 'opportunities' as entity,
        opportunity_key as record_key,
        'amount in ' || currency || ' has no rate and is in no total' as detail
    from opportunities
    where amount is not null and amount_reporting is null
),

-- A share above 1 was written in percent, and is not used until the mapping says so.
beyond_one as (
    select
        'probability_above_one' as finding, 'warning' as severity, entity,
        source || '/' || instance || '/' || export as record_key,
        cast(count(*) as varchar) || ' rows have a probability above 1, which counts as none: say'
        || ' `unit: percent` in the mapping of ' || export as detail
    from (
        select 'opportunities' as entity, source, instance, export, probability
        from {{ ref('stg_files__opportunities') }}
        union all
        select 'opportunity_snapshots', source, instance, export, probability
        from {{ ref('stg_files__opportunity_snapshots') }}
    ) as told
    where probability > 1
    group by entity, source, instance, export
),

ambiguous as (
    select
        'email_ambiguous' as finding, 'warning' as severity, 'persons' as entity, record_key,
        'its e-mail would join persons whom the CRM keeps apart' as detail
    from resolved
    where is_email_ambiguous and is_record
),

former_email as (
    select
        'former_email_of_another_person' as finding, 'info' as severity, 'persons' as entity,
        record_key,
        'an address that it once had is that of ' || other_record_key as detail
    from former_emails
    where other_record_key is not null
),

account_ambiguous as (
    select
        'account_match_ambiguous' as finding, 'info' as severity, 'persons' as entity,
        person_key as record_key, 'several accounts have the domain of its e-mail' as detail
    from matched_persons
    where is_account_match_ambiguous
),

unmapped as (
    {%- for entity, field in closed_vocabularies %}
    select
        'unmapped_value' as finding, 'warning' as severity, '{{ entity }}' as entity,
        r._source || '/' || r._instance || '/{{ field }}/' || trim(r.{{ field }}) as record_key,
        cast(count(*) as varchar) || ' rows have {{ field }} '''
        || trim(r.{{ field }}) || ''', which the mapping of ' || r._export || ' does not translate'
            as detail
    from {{ source('raw_files', entity) }} as r
    inner join value_maps as other
        on
            r._source = other.source
            and r._instance = other.instance
            and other.entity = '{{ entity }}'
            and r._export = other.export
            and other.field = '{{ field }}'
            and other.delivered_value = '*'
            and other.canonical_value = 'unmapped'
    left join value_maps as known
        on
            r._source = known.source
            and r._instance = known.instance
            and known.entity = '{{ entity }}'
            and r._export = known.export
            and known.field = '{{ field }}'
            and trim(r.{{ field }}) = known.delivered_value
    where nullif(trim(r.{{ field }}), '') is not null and known.delivered_value is null
    group by r._source, r._instance, r._export, trim(r.{{ field }})
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
),

lost_amounts as (
    select
        'lost_amounts_all_zero' as finding, 'warning' as severity, 'opportunities' as entity,
        source || '/' || instance as record_key,
        'all ' || cast(count(*) as varchar)
        || ' lost opportunities have amount 0: no win rate by value' as detail
    from opportunities
    where is_closed and not is_won
    group by source, instance
    having coalesce(sum(abs(amount)), 0) = 0
),

set_aside as (
    select
        'row_set_aside' as finding, 'warning' as severity, entity,
        file || ':' || cast(line as varchar) as record_key, reason as detail
    from quarantined
),

all_findings as (
    {%- for name in [
        'inverted', 'without_account', 'without_person', 'without_owner', 'without_product',
        'closed_undated', 'without_rate', 'beyond_one', 'ambiguous', 'former_email',
        'account_ambiguous', 'unmapped', 'lost_amounts', 'set_aside'
    ] %}
    select finding, severity, entity, record_key, detail from {{ name }}
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
)

select * from all_findings
