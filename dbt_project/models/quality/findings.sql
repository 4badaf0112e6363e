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

handoffs as (
    select * from {{ ref('fct_handoffs') }}
),

contents as (
    select * from {{ ref('dim_content') }}
),

sent_rows as (
    {%- for entity, column in [
        ('field_changes', 'changed_at'), ('activities', 'occurred_at'), ('persons', 'status_at'),
        ('persons', 'lifecycle_stage_at')
    ] %}
    select
        '{{ entity }}' as entity, record_key, '{{ column }}' as column_name, {{ column }} as happened_at,
        exported_at
    from {{ ref('stg_files__' ~ entity) }}
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
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

-- A day's grace: what is known by its day only, and clocks that go wrong by hours.
in_future as (
    select
        'dated_in_the_future' as finding, 'warning' as severity, entity, record_key,
        column_name || ' ' || cast(happened_at as varchar) || ' is after the export of '
        || cast(exported_at as varchar) || ': it counts from then on' as detail
    from sent_rows
    where {{ days_between('exported_at', 'happened_at') }} > 1
),

unreceived as (
    select
        'handoff_without_recipient' as finding, 'warning' as severity, 'handoffs' as entity,
        handoff_key as record_key, 'nobody and no queue had the lead' as detail
    from handoffs
    where recipient_key is null
),

unread as (
    select
        'handoff_in_unread_queue' as finding, 'warning' as severity, 'handoffs' as entity,
        handoff_key as record_key,
        'no human took it out of ' || recipient_key as detail
    from handoffs
    where recipient_kind = 'queue' and owner_key is null
),

owner_left as (
    select
        'handoff_owner_left' as finding, 'warning' as severity, 'handoffs' as entity,
        h.handoff_key as record_key, h.owner_key || ' is not active any more' as detail
    from handoffs as h
    inner join owners as o on h.owner_key = o.owner_key
    where h.state in ('assigned', 'attempted') and not o.is_active
),

unknown_reason as (
    select
        'reason_not_agreed' as finding, 'warning' as severity, 'handoffs' as entity,
        r.handoff_key as record_key,
        'the agreement knows no reason ''' || r.reason || ''' for ' || r.decision as detail
    from {{ ref('rpt_rejected_leads') }} as r
    where r.reason is not null and not r.is_reason_agreed
),

early_decision as (
    select
        'decision_before_handoff' as finding, 'warning' as severity, 'handoffs' as entity,
        handoff_key as record_key,
        decision || ' on ' || cast(decided_at as varchar) || ', handed over on '
        || cast(handed_off_at as varchar) || ' (UTC)' as detail
    from handoffs
    where decided_at < handed_off_at
),

untimed as (
    select
        'handoff_without_time' as finding, 'info' as severity, 'handoffs' as entity,
        h.handoff_key as record_key,
        case
            when h.moment is null then 'nobody knows when: no clock runs'
            else 'known by its day only: no clock runs'
        end as detail
    from {{ ref('int_handoffs') }} as h
    where h.moment is null or h.precision = 'day'
),

ownerless as (
    select
        'attempt_without_owner' as finding, 'warning' as severity, 'activities' as entity,
        a.activity_key as record_key, 'a ' || a.activity_type || ' by nobody stops no clock' as detail
    from {{ ref('int_activities') }} as a
    inner join (
        select distinct t.activity_type
        from {{ source('agreement', 'activity_types') }} as t
        inner join {{ ref('int_agreement_versions') }} as v on t.version = v.version and v.is_in_force
        where t.is_attempt
    ) as t on a.activity_type = t.activity_type
    where a.owner_key is null and not a.is_automated and a.person_key is not null
),

closed_calendars as (
    select
        'calendar_without_hours' as finding, 'warning' as severity, 'calendars' as entity,
        'version ' || cast(version as varchar) || '/' || calendar as record_key,
        'no business day in all the time of the version: its clocks never run' as detail
    from {{ ref('int_business_days') }}
    group by version, calendar
    having max(business_minutes) = 0
),

-- On a day that is no business day anyway, or out of all time: a date that somebody mistyped.
idle_holidays as (
    select
        'holiday_changes_nothing' as finding, 'info' as severity, 'calendars' as entity,
        'version ' || cast(h.version as varchar) || '/' || h.calendar || '/'
        || cast(h.holiday_date as varchar) as record_key,
        h.name || ' is on a day that has no business hours' as detail
    from {{ source('agreement', 'holidays') }} as h
    inner join {{ ref('int_agreement_versions') }} as v on h.version = v.version and v.is_in_force
    left join {{ source('agreement', 'calendar_hours') }} as c
        on
            h.version = c.version
            and h.calendar = c.calendar
            and {{ iso_weekday('h.holiday_date') }} = c.weekday
    where c.calendar is null
),

unknown_zones as (
    select
        'time_zone_unknown' as finding, 'warning' as severity, z.entity, z.record_key,
        z.time_zone || ' is no time zone: clocks run in the calendar''s' as detail
    from (
        select 'owners' as entity, owner_key as record_key, time_zone from owners
        union all
        select 'persons', person_key, time_zone from matched_persons
    ) as z
    where z.time_zone is not null and not {{ is_time_zone('z.time_zone') }}
),

lost_contents as (
    select
        'content_lost' as finding, 'warning' as severity, 'contents' as entity,
        c.content_key as record_key,
        cast(sum(n.touches) as varchar) || ' touches name ''' || min(n.content)
        || ''', which is in no inventory of ' || min(n.source) as detail
    from contents as c
    inner join {{ ref('int_content_names') }} as n on c.content_key = n.content_key
    where c.is_lost
    group by c.content_key
),

orphaned_contents as (
    select
        'content_orphaned' as finding, 'warning' as severity, 'contents' as entity,
        content_key as record_key,
        '''' || coalesce(name, content_id) || ''' '
        || case when owner_key is null then 'has no owner' else 'belongs to somebody who has left' end
            as detail
    from contents
    where is_orphaned and not is_retired
),

ambiguous_contents as (
    select
        'content_name_ambiguous' as finding, 'info' as severity, 'contents' as entity,
        source || '/' || instance || '/' || content as record_key,
        'several assets are called ''' || content || ''': its touches count for one of them' as detail
    from {{ ref('int_content_names') }}
    where is_ambiguous
    group by source, instance, content
),

unmapped_tags as (
    select
        'content_tag_unmapped' as finding, 'warning' as severity, 'contents' as entity,
        s.source || '/' || s.instance || '/' || s.tag_kind || '/' || s.delivered_tag as record_key,
        cast(count(*) as varchar) || ' assets of ' || s.export || ' have the '
        || replace(s.tag_kind, '_', ' ') || ' ''' || s.delivered_tag || ''', which is none of the agreement'
            as detail
    from {{ ref('stg_files__content_tags') }} as s
    inner join {{ ref('int_content_tags') }} as t
        on s.record_key = t.content_key and s.tag_kind = t.tag_kind and s.tag = t.tag
    where not t.is_agreed
    group by s.source, s.instance, s.export, s.tag_kind, s.delivered_tag
),

all_findings as (
    {%- for name in [
        'inverted', 'without_account', 'without_person', 'without_owner', 'without_product',
        'closed_undated', 'without_rate', 'beyond_one', 'ambiguous', 'former_email',
        'account_ambiguous', 'unmapped', 'lost_amounts', 'set_aside', 'in_future', 'unreceived', 'unread',
        'owner_left', 'unknown_reason', 'early_decision', 'untimed', 'ownerless', 'closed_calendars',
        'idle_holidays', 'unknown_zones', 'lost_contents', 'orphaned_contents', 'ambiguous_contents',
        'unmapped_tags'
    ] %}
    select finding, severity, entity, record_key, detail from {{ name }}
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
)

select * from all_findings
