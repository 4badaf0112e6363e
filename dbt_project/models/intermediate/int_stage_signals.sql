with opportunities as (
    select * from {{ ref('int_opportunities') }}
),

-- Renewals and expansions happen inside a won pass: they open and close none.
signals as (
    select s.*
    from {{ ref('int_signals') }} as s
    left join opportunities as o on s.opportunity_key = o.opportunity_key
    where o.opportunity_key is null or o.opportunity_type = 'new_business'
),

criteria as (
    select * from {{ source('agreement', 'criteria') }}
),

versions as (
    select * from {{ ref('int_agreement_versions') }}
),

agreed_stages as (
    select * from {{ ref('int_agreed_stages') }}
),

source_ranks as (
    select * from {{ ref('int_source_ranks') }}
),

-- A stage that a later version dropped counts as the one that version moves it to.
moved_stages as (
    select s.stage, s.moves_to
    from {{ source('agreement', 'stages') }} as s
    inner join versions as v on s.version = v.version and v.is_in_force
    where s.moves_to is not null
),

current_stages as (
    select s.version, s.stage as signed_stage, a.stage, a.stage_rank, a.authority
    from {{ source('agreement', 'stages') }} as s
    left join moved_stages as m on s.stage = m.stage
    inner join agreed_stages as a on coalesce(m.moves_to, s.stage) = a.stage
),

criteria_by_day as (
    select c.*, v.applies_from, v.applies_until, v.is_in_force
    from criteria as c
    inner join versions as v on c.version = v.version
),

-- An undated signal is judged under the version in force.
matched_values as (
    select s.*, c.version, c.target_kind, c.target
    from signals as s
    inner join criteria_by_day as c
        on
            s.field = c.field
            and s.value = c.value
            and c.operator = 'in'
            and (c.source is null or s.source = c.source)
    where
        (s.signal_date >= c.applies_from and s.signal_date < c.applies_until)
        or (s.signal_date is null and c.is_in_force)
),

-- A threshold is met where it is crossed: a score that was above it before proves nothing new.
matched_thresholds as (
    select s.*, c.version, c.target_kind, c.target
    from signals as s
    inner join criteria_by_day as c
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
        and coalesce(try_cast(s.old_value as double) < c.threshold, true)
),

matched as (
    select * from matched_values
    union all
    select * from matched_thresholds
),

-- The stage that the changed field showed before: the only way back is out of it.
left_stages as (
    select s.change_key, max(t.stage_rank) as left_rank
    from signals as s
    inner join criteria_by_day as c
        on
            s.field = c.field
            and s.old_value = c.value
            and c.operator = 'in'
            and c.target_kind = 'stage'
            and s.signal_date >= c.applies_from
            and s.signal_date < c.applies_until
    inner join current_stages as t
        on
            c.version = t.version
            and c.target = t.signed_stage
            and (t.authority is null or s.source = t.authority)
    group by s.change_key
),

-- One signal enters only the highest stage that it satisfies; an exit goes before any stage.
ranked as (
    select
        m.*,
        t.stage,
        t.stage_rank,
        row_number() over (
            partition by m.change_key
            order by
                case when m.target_kind = 'exit' then 0 else 1 end asc, t.stage_rank desc, m.target asc
        ) as choice
    from matched as m
    left join current_stages as t
        on m.version = t.version and m.target = t.signed_stage and m.target_kind = 'stage'
    where m.target_kind = 'exit' or t.stage is not null
)

select
    r.person_key,
    r.record_key,
    r.opportunity_key,
    r.source,
    coalesce(k.source_rank, 1000) as source_rank,
    r.kind_rank,
    r.field,
    r.value,
    r.signal_at,
    r.precision,
    r.signal_date,
    r.evidence,
    r.change_key,
    r.chain_position,
    r.version as agreement_version,
    r.target_kind = 'exit' as is_exit,
    case when r.target_kind = 'exit' then r.target end as exit,
    r.stage,
    r.stage_rank,
    r.target_kind = 'stage' and coalesce(l.left_rank > r.stage_rank, false) as is_step_back
from ranked as r
left join left_stages as l on r.change_key = l.change_key
left join source_ranks as k on r.source = k.source
where r.choice = 1
