with agreed_stages as (
    select * from {{ ref('int_agreed_stages') }}
),

criteria as (
    select c.*
    from (
        select version, target_kind, target, source, field
        from {{ source('agreement', 'criteria') }}
        union all
        select version, target_kind, target, source, field
        from {{ source('agreement', 'compound_conditions') }}
    ) as c
    inner join {{ ref('int_agreement_versions') }} as v on c.version = v.version and v.is_in_force
),

exports as (
    select * from {{ source('raw_mapping', 'exports') }}
),

-- Before this day the files that can enter the stage know nothing.
history_starts as (
    select c.target as stage, max(e.history_start) as history_start
    from criteria as c
    inner join exports as e
        on
            (c.source is null or c.source = e.source)
            and (
                (c.field in ('status', 'lifecycle_stage', 'score') and e.entity = 'persons')
                or (c.field = 'activity' and e.entity = 'activities')
                or (
                    c.field in ('opportunity_stage', 'opportunity_outcome')
                    and e.entity = 'opportunities'
                )
                or (c.field <> 'activity' and e.entity = 'field_changes')
            )
    where c.target_kind = 'stage'
    group by c.target
)

select
    cast(row_number() over (order by a.stage_rank, b.stage_rank) as integer) as pair_number,
    a.stage as from_stage,
    a.stage_rank as from_rank,
    b.stage as to_stage,
    b.stage_rank as to_rank,
    greatest(coalesce(f.history_start, t.history_start), coalesce(t.history_start, f.history_start))
        as history_start
from agreed_stages as a
inner join agreed_stages as b on a.stage_rank < b.stage_rank
left join history_starts as f on a.stage = f.stage
left join history_starts as t on b.stage = t.stage
