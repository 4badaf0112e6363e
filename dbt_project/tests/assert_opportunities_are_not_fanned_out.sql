-- Money counts once: as many opportunities, and as much money, as the conformed layer holds.
with marts as (
    select count(*) as opportunities, coalesce(sum(amount), 0) as amount
    from {{ ref('fct_opportunities') }}
),

staged as (
    select count(*) as opportunities, coalesce(sum(amount), 0) as amount
    from {{ ref('int_opportunities') }}
),

reported as (
    select coalesce(sum(opportunities), 0) as opportunities
    from {{ ref('rpt_win_loss') }}
    where period_type = 'all' and segment = 'all'
),

new_business as (
    select count(*) as opportunities
    from {{ ref('int_opportunities') }}
    where opportunity_type = 'new_business'
)

select m.opportunities, s.opportunities as staged, m.amount, s.amount as staged_amount
from marts as m
cross join staged as s
cross join reported as r
cross join new_business as n
where m.opportunities <> s.opportunities or m.amount <> s.amount or r.opportunities <> n.opportunities
