{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook='{{ forget_persons() }}'
) }}

with affected_persons as (
    select * from {{ ref('int_affected_persons') }}
),

opportunities as (
    select * from {{ ref('int_opportunities') }}
),

slips as (
    select * from {{ ref('int_slips') }}
),

criteria as (
    select * from {{ ref('int_agreed_criteria') }}
),

values_asked_for as (
    select distinct field, value from criteria where operator = 'in'
),

fields_with_threshold as (
    select distinct field from criteria where operator = 'at_least'
),

compound_signals as (
    select * from {{ ref('int_compound_signals') }}
),

compound_changes as (
    select distinct change_key from compound_signals
),

-- Only what a criterion asks for: all 11 million signals of a million people do not fit into memory.
-- How a renewal moves through its pipeline is nothing that a person enters; how it closes may be.
signals as (
    select s.*
    from {{ ref('int_signals') }} as s
    inner join affected_persons as p on s.person_key = p.person_key
    left join opportunities as o on s.opportunity_key = o.opportunity_key
    left join slips as d on s.change_key = d.change_key
    left join values_asked_for as v on s.field = v.field and s.value = v.value
    left join fields_with_threshold as t on s.field = t.field
    left join compound_changes as c on s.change_key = c.change_key
    where
        (v.field is not null or t.field is not null or c.change_key is not null)
        and d.change_key is null
        and (s.field <> 'opportunity_stage' or o.opportunity_type = 'new_business')
),

source_ranks as (
    select * from {{ ref('int_source_ranks') }}
),

-- An undated signal is judged under the version in force.
matched as (
    select s.change_key, c.version, c.target_kind, c.target, c.stage, c.stage_rank, c.exit, c.operator
    from signals as s
    inner join criteria as c
        on
            s.field = c.field
            and s.value = c.value
            and c.operator = 'in'
            and (c.source is null or s.source = c.source)
    where
        (s.signal_date >= c.applies_from and s.signal_date < c.applies_until)
        or (s.signal_date is null and c.is_in_force)
    union all
    select s.change_key, c.version, c.target_kind, c.target, c.stage, c.stage_rank, c.exit, c.operator
    from signals as s
    inner join criteria as c
        on
            s.field = c.field
            and c.operator = 'at_least'
            and (c.source is null or s.source = c.source)
    where
        (
            (s.signal_date >= c.applies_from and s.signal_date < c.applies_until)
            or (s.signal_date is null and c.is_in_force)
        )
        and try_cast(s.value as double) >= c.threshold
    union all
    -- Fit and behaviour, windows: judged where they turn true.
    select s.change_key, s.version, s.target_kind, s.target, t.stage, t.stage_rank, t.exit, 'compound'
    from compound_signals as s
    inner join {{ ref('int_agreed_targets') }} as t
        on s.version = t.version and s.target_kind = t.target_kind and s.target = t.target
),

-- What the value before satisfied, under the version of the signal that brought it.
changed as (
    select
        change_key, source, field, old_value,
        case when not is_former_undated then coalesce(former_date, signal_date) end as judged_date
    from signals
    where old_value is not null
),

matched_before as (
    select s.change_key, c.target_kind, coalesce(c.stage, c.exit) as meaning, c.stage_rank
    from changed as s
    inner join criteria as c
        on
            s.field = c.field
            and s.old_value = c.value
            and c.operator = 'in'
            and (c.source is null or s.source = c.source)
    where
        (s.judged_date >= c.applies_from and s.judged_date < c.applies_until)
        or (s.judged_date is null and c.is_in_force)
    union all
    select s.change_key, c.target_kind, coalesce(c.stage, c.exit), c.stage_rank
    from changed as s
    inner join criteria as c
        on
            s.field = c.field
            and c.operator = 'at_least'
            and (c.source is null or s.source = c.source)
    where
        (
            (s.judged_date >= c.applies_from and s.judged_date < c.applies_until)
            or (s.judged_date is null and c.is_in_force)
        )
        and try_cast(s.old_value as double) >= c.threshold
),

meant_before as (
    select change_key, target_kind, meaning, max(stage_rank) as stage_rank
    from matched_before
    group by change_key, target_kind, meaning
),

left_stages as (
    select change_key, max(stage_rank) as left_rank
    from meant_before
    where target_kind = 'stage'
    group by change_key
),

-- A threshold is met where it is crossed: a score that stays above it proves nothing new.
judged as (
    select m.*, b.change_key is null or m.operator = 'compound' as has_turned_true
    from matched as m
    left join meant_before as b
        on
            m.change_key = b.change_key
            and m.target_kind = b.target_kind
            and coalesce(m.stage, m.exit) = b.meaning
    where m.operator <> 'at_least' or b.change_key is null
),

-- One signal enters only the highest stage that it satisfies; an exit goes before any stage.
ranked as (
    select
        *,
        row_number() over (
            partition by change_key
            order by
                case when target_kind = 'exit' then 0 else 1 end asc, stage_rank desc,
                case when has_turned_true then 0 else 1 end asc, target asc
        ) as choice
    from judged
)

select
    s.person_key,
    s.record_key,
    s.opportunity_key,
    s.source,
    coalesce(k.source_rank, 1000) as source_rank,
    s.kind_rank,
    s.field,
    s.value,
    s.signal_at,
    s.precision,
    s.signal_date,
    s.moment,
    s.evidence,
    s.change_key,
    s.chain_position,
    r.version as agreement_version,
    r.exit is not null as is_exit,
    r.exit,
    r.stage,
    r.stage_rank,
    r.has_turned_true,
    l.left_rank
from ranked as r
inner join signals as s on r.change_key = s.change_key
left join left_stages as l on r.change_key = l.change_key
left join source_ranks as k on s.source = k.source
where r.choice = 1
