with opportunities as (
    select * from {{ ref('int_opportunity_records') }}
),

stage_changes as (
    select * from {{ ref('int_opportunity_changes') }} where field = 'stage'
),

context as (
    select * from {{ source('ops', 'run_context') }}
),

stage_outcomes as (
    select * from {{ ref('int_stage_outcomes') }}
),

told as (
    select
        c.opportunity_key,
        c.changed_at,
        c.changed_at_precision,
        c.moment,
        c.evidence,
        c.change_key,
        c.change_number,
        c.is_initial,
        c.has_happened,
        {{ meant_outcome('s.outcome', 'c.value') }} as outcome
    from stage_changes as c
    inner join opportunities as o on c.opportunity_key = o.opportunity_key
    left join stage_outcomes as s
        on o.source = s.source and o.instance = s.instance and c.value = s.stage
),

marked as (
    select
        *,
        case
            when outcome = lag(outcome) over (partition by opportunity_key order by change_number)
                then 0
            else 1
        end as is_start
    from told
),

grouped as (
    select
        *,
        sum(is_start) over (
            partition by opportunity_key order by change_number
            rows between unbounded preceding and current row
        ) as run_number
    from marked
),

-- A run begins with its first dated change; one that has none is as old as the opportunity.
ranked as (
    select
        *,
        row_number() over (
            partition by opportunity_key, run_number
            order by case when is_initial then 1 else 0 end, change_number
        ) as place
    from grouped
),

runs as (
    select
        *,
        lead(run_number) over (partition by opportunity_key order by run_number) is null as is_last,
        lag(changed_date) over (partition by opportunity_key order by run_number) as date_before
    from (
        select
            r.opportunity_key, r.run_number, r.outcome, r.changed_at, r.changed_at_precision,
            r.moment, r.evidence, r.change_key, r.has_happened, r.is_initial as is_undated,
            {{ reporting_date(
                'r.changed_at', 'r.changed_at_precision', 'ctx.reporting_time_zone'
            ) }} as changed_date
        from ranked as r
        cross join context as ctx
        where r.place = 1
    ) as dated_runs
),

-- The record's closing date belongs to its last closing, unless it is older than the reopening.
compared as (
    select
        r.*,
        o.outcome as shown_outcome,
        o.closed_at,
        o.closed_at_precision,
        o.closed_date,
        o.created_at,
        o.created_at_precision,
        o.created_moment,
        coalesce(o.outcome, r.outcome) in ('won', 'lost')
        and r.is_last
        and coalesce(
            r.run_number = 1
            or (r.run_number = 2 and coalesce(o.outcome, r.outcome) = r.outcome)
            or o.closed_date >= case
                when coalesce(o.outcome, r.outcome) = r.outcome then r.date_before
                else r.changed_date
            end,
            false
        )
        and o.closed_at is not null as is_stamped,
        coalesce(o.outcome, r.outcome) = r.outcome as is_agreed
    from runs as r
    inner join opportunities as o on r.opportunity_key = o.opportunity_key
),

-- The stage knows the hour of the day that the closing date names.
judged as (
    select
        *,
        is_agreed
        and not is_undated
        and closed_at_precision = 'day'
        and changed_date = closed_date as is_hour_known
    from compared
),

final_runs as (
    select
        opportunity_key,
        run_number,
        case
            when is_agreed or not is_last or (is_stamped and not is_agreed) then outcome
            else shown_outcome
        end as outcome,
        changed_at,
        changed_at_precision,
        moment,
        evidence,
        change_key,
        has_happened,
        -- The record alone says that it is closed, and not since when.
        is_undated or (is_last and not is_agreed and not is_stamped) as is_undated
    from judged
    where not (is_stamped and is_agreed)
    union all
    -- Closed from the beginning, as far as the stages tell: it was open until its closing date.
    select
        opportunity_key, 0, 'open', created_at, created_at_precision, created_moment, 'inferred',
        cast(null as varchar), true, true
    from judged
    where is_stamped and is_agreed and run_number = 1
    union all
    select
        j.opportunity_key,
        j.run_number + 1,
        coalesce(j.shown_outcome, j.outcome),
        j.closed_at,
        j.closed_at_precision,
        case
            when j.is_hour_known then j.moment
            else {{ moment('j.closed_at', 'j.closed_at_precision', 'ctx.reporting_time_zone') }}
        end,
        'stamped',
        cast(null as varchar),
        case
            when j.is_hour_known then j.has_happened
            else {{ happened_by('j.closed_at', 'j.closed_at_precision') }}
        end,
        false
    from judged as j
    cross join context as ctx
    where j.is_stamped
),

changed as (
    select
        *,
        lag(outcome) over (partition by opportunity_key order by run_number) as outcome_before
    from final_runs
    where has_happened
)

select
    opportunity_key,
    cast(row_number() over (partition by opportunity_key order by run_number) as integer)
        as outcome_number,
    outcome,
    changed_at,
    changed_at_precision,
    moment,
    evidence,
    change_key as stage_change_key,
    is_undated
from changed
where outcome is distinct from outcome_before
