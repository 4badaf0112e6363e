with criteria as (
    select * from {{ ref('int_criteria') }} where kind <> 'enters'
),

criteria_met as (
    select m.*, c.definition, c.kind
    from {{ ref('int_criteria_met') }} as m
    inner join criteria as c on m.criterion_number = c.criterion_number
),

criteria_asked as (
    select definition, count(*) as criterion_count
    from criteria
    where kind = 'qualifies'
    group by definition
),

-- All that qualifies holds from the moment the last of it does. What is known of a person without a
-- date was always known; a signal without one leaves the whole without.
met as (
    select
        person_key,
        definition,
        count(*) as criterion_count,
        max(met_at) as met_at,
        max(met_date) as met_date,
        max(case when met_at is null and not is_attribute then 1 else 0 end) = 1 as is_undated
    from criteria_met
    where kind = 'qualifies'
    group by person_key, definition
),

complete as (
    select
        m.person_key,
        m.definition,
        case when not m.is_undated then m.met_at end as qualified_at,
        case when not m.is_undated then m.met_date end as qualified_date
    from met as m
    inner join criteria_asked as a
        on m.definition = a.definition and m.criterion_count = a.criterion_count
),

-- What holds later does not undo a qualification: it is an outcome.
ruled_out as (
    select
        q.person_key,
        q.definition,
        max(case when m.kind = 'disqualifies' then 1 else 0 end) as disqualified,
        max(case when m.kind = 'discards' then 1 else 0 end) as discarded
    from complete as q
    inner join criteria_met as m
        on q.person_key = m.person_key and q.definition = m.definition and m.kind <> 'qualifies'
    where m.is_attribute or coalesce(m.met_at <= q.qualified_at, true)
    group by q.person_key, q.definition
)

select
    q.person_key,
    q.definition,
    q.qualified_at,
    q.qualified_date,
    coalesce(r.disqualified, 0) = 1 as is_disqualified,
    coalesce(r.discarded, 0) = 1 as is_discarded,
    r.person_key is null as is_qualified
from complete as q
left join ruled_out as r on q.person_key = r.person_key and q.definition = r.definition
