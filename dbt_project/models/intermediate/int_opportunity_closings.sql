with outcomes as (
    select * from {{ ref('int_opportunity_outcomes') }} where outcome in ('won', 'lost')
),

context as (
    select * from {{ source('ops', 'run_context') }}
),

numbered as (
    select
        *,
        cast(row_number() over (partition by opportunity_key order by outcome_number) as integer)
            as closing_number
    from outcomes
)

select
    n.opportunity_key,
    n.closing_number,
    n.outcome,
    case when not n.is_undated then n.changed_at end as closed_at,
    case when n.is_undated then 'second' else n.changed_at_precision end as closed_at_precision,
    case
        when not n.is_undated
            then {{ reporting_date(
                'n.changed_at', 'n.changed_at_precision', 'ctx.reporting_time_zone'
            ) }}
    end as closed_date,
    n.moment,
    case when n.is_undated then 'observed' else n.evidence end as evidence,
    n.stage_change_key,
    n.opportunity_key || '/closing/' || cast(n.closing_number as varchar) as change_key
from numbered as n
cross join context as ctx
