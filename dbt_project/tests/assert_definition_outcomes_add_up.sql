-- other_exits is what is left of qualified: below zero, somebody would have two outcomes. And months add
-- up to the whole.
with gaps as (
    select * from {{ ref('rpt_definition_gap') }}
),

months as (
    select definition, sum(qualified) as qualified, sum(won) as won
    from gaps
    where period_type = 'month'
    group by definition
)

select g.*
from gaps as g
left join months as m on g.definition = m.definition
where
    g.other_exits < 0
    or g.accepted < g.reached_opportunity
    or g.reached_opportunity < g.won
    or (g.period_type = 'all' and g.qualified <> coalesce(m.qualified, 0) + g.undated)
