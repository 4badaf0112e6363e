-- Everybody who qualifies has one outcome, whoever got far got there by way of what is before it, and
-- months add up to the whole.
with gaps as (
    select * from {{ ref('rpt_definition_gap') }}
),

months as (
    select definition, sum(qualified) as qualified
    from gaps
    where period_type = 'month'
    group by definition
)

select g.*
from gaps as g
left join months as m on g.definition = m.definition
where
    g.qualified
    <> coalesce(g.won, 0) + g.rejected + g.recycled + g.disqualified + g.lost + g.churned + g.expired
    + g.deleted + g.open + g.won_before + g.no_pass
    or g.accepted < g.reached_opportunity
    or g.reached_opportunity < g.won
    or (g.period_type = 'all' and g.qualified <> coalesce(m.qualified, 0) + g.undated)
