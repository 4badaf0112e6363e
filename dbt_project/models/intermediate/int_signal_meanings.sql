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

lowest_thresholds as (
    select field, min(threshold) as threshold
    from criteria
    where operator = 'at_least'
    group by field
),

compound_signals as (
    select * from {{ ref('int_compound_signals') }}
),

compound_changes as (
    select distinct change_key from compound_signals
),

-- Only what a criterion asks for, and no more columns than it looks at: all 11 million signals of a
-- million people do not fit into 3 GB, nor do they while the rest of each is joined in the same query.
-- How a renewal moves through its pipeline is nothing that a person enters; how it closes may be.
signals as (
    select
        s.person_key, s.change_key, s.source, s.field, s.value, s.old_value, s.signal_date, s.former_date,
        s.is_former_undated
    from {{ ref('int_signals') }} as s
    inner join affected_persons as p on s.person_key = p.person_key
    left join opportunities as o on s.opportunity_key = o.opportunity_key
    left join slips as d on s.change_key = d.change_key
    left join values_asked_for as v on s.field = v.field and s.value = v.value
    left join lowest_thresholds as t
        on s.field = t.field and try_cast(s.value as double) >= t.threshold
    left join compound_changes as c on s.change_key = c.change_key
    where
        (v.field is not null or t.field is not null or c.change_key is not null)
        and d.change_key is null
        and (s.field <> 'opportunity_stage' or o.opportunity_type = 'new_business')
),

-- An undated signal is judged under the version in force.
matched as (
    select
        s.person_key, s.change_key, c.version, c.target_kind, c.target, c.stage, c.stage_rank, c.exit,
        c.operator
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
    select
        s.person_key, s.change_key, c.version, c.target_kind, c.target, c.stage, c.stage_rank, c.exit,
        c.operator
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
    select
        s.person_key, s.change_key, c.version, c.target_kind, c.target, t.stage, t.stage_rank, t.exit,
        'compound'
    from signals as s
    inner join compound_signals as c on s.change_key = c.change_key
    inner join {{ ref('int_agreed_targets') }} as t
        on c.version = t.version and c.target_kind = t.target_kind and c.target = t.target
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
    r.person_key,
    r.change_key,
    r.version as agreement_version,
    r.exit,
    r.stage,
    r.stage_rank,
    r.has_turned_true,
    l.left_rank
from ranked as r
left join left_stages as l on r.change_key = l.change_key
where r.choice = 1
