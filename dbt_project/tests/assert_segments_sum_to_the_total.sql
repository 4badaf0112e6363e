-- Every journey has one value of each segment, null included: no row is lost or doubled by a segment.
with totals as (
    select policy, unit, from_stage, to_stage, entered, converted
    from {{ ref('rpt_funnel_conversion') }}
    where method = 'cohort' and period_type = 'all' and segment = 'all' and window_days is null
),

parts as (
    select
        policy, unit, from_stage, to_stage, segment,
        sum(entered) as entered, sum(converted) as converted
    from {{ ref('rpt_funnel_conversion') }}
    where method = 'cohort' and period_type = 'all' and segment <> 'all' and window_days is null
    group by policy, unit, from_stage, to_stage, segment
)

select p.*, t.entered as total_entered, t.converted as total_converted
from parts as p
inner join totals as t
    on
        p.policy = t.policy
        and p.unit = t.unit
        and p.from_stage = t.from_stage
        and p.to_stage = t.to_stage
where p.entered <> t.entered or p.converted <> t.converted
