-- Money counts once, from the files to the reports: as many opportunities as landed by as_of, and
-- the same sums in each table.
with staged as (
    select count(*) as opportunities
    from {{ ref('stg_files__opportunities') }} as o
    cross join {{ source('ops', 'run_context') }} as ctx
    where o.created_at is null or {{ happened_by('o.created_at', 'o.created_at_precision') }}
),

conformed as (
    select
        count(*) as opportunities,
        coalesce(sum(cast(amount as decimal(18, 4))), 0) as amount,
        coalesce(sum(cast(amount_reporting as decimal(18, 4))), 0) as amount_reporting,
        sum(case when opportunity_type = 'new_business' and not is_deleted then 1 else 0 end)
            as new_business,
        coalesce(sum(
            case
                when opportunity_type = 'new_business' and not is_deleted
                    then cast(amount_created_reporting as decimal(18, 4))
            end
        ), 0) as pipeline_created
    from {{ ref('int_opportunities') }}
),

marts as (
    select
        count(*) as opportunities,
        coalesce(sum(cast(amount as decimal(18, 4))), 0) as amount,
        coalesce(sum(cast(amount_reporting as decimal(18, 4))), 0) as amount_reporting
    from {{ ref('fct_opportunities') }}
),

last_states as (
    select
        count(*) as opportunities,
        coalesce(sum(cast(amount as decimal(18, 4))), 0) as amount
    from {{ ref('fct_opportunity_states') }}
    where is_last
),

won_or_lost as (
    select coalesce(sum(opportunities), 0) as opportunities
    from {{ ref('rpt_win_loss') }}
    where period_type = 'all' and segment = 'all'
),

pipelines as (
    select
        coalesce(sum(created), 0) as opportunities,
        coalesce(sum(cast(pipeline_created as decimal(18, 4))), 0) as amount
    from {{ ref('rpt_pipeline') }}
    where period_type = 'all' and segment = 'all'
)

select
    s.opportunities as staged, c.opportunities as conformed, m.opportunities as marts,
    l.opportunities as last_states, w.opportunities as won_or_lost, p.opportunities as pipelines,
    c.amount as conformed_amount, m.amount, l.amount as last_amount, c.pipeline_created,
    p.amount as reported_pipeline
from staged as s
cross join conformed as c
cross join marts as m
cross join last_states as l
cross join won_or_lost as w
cross join pipelines as p
where
    s.opportunities <> c.opportunities
    or c.opportunities <> m.opportunities
    or c.opportunities <> l.opportunities
    or c.amount <> m.amount
    or c.amount <> l.amount
    or c.amount_reporting <> m.amount_reporting
    or c.new_business <> w.opportunities
    or c.new_business <> p.opportunities
    or c.pipeline_created <> p.amount
