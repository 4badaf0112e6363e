with conditions as (
    select * from {{ ref('int_compound_conditions') }}
),

leaves as (
    select distinct
        condition, source, field, operator, value, minimum, maximum,
        coalesce(minimum_count, 1) as minimum_count
    from conditions
    where is_compound and not is_negated
),

matches as (
    select l.condition, l.minimum_count, s.person_key
    from {{ ref('int_signals') }} as s
    inner join leaves as l
        on
            s.field = l.field
            and s.value = l.value
            and l.operator = 'in'
            and (l.source is null or s.source = l.source)
    union all
    select l.condition, l.minimum_count, s.person_key
    from {{ ref('int_signals') }} as s
    inner join leaves as l
        on
            s.field = l.field
            and l.operator = 'between'
            and (l.source is null or s.source = l.source)
    where {{ is_between('try_cast(s.value as double)', 'l') }}
    union all
    select l.condition, l.minimum_count, v.person_key
    from {{ ref('int_fit_values') }} as v
    inner join leaves as l on v.field = l.field and (l.source is null or v.source = l.source)
    where
        (l.operator = 'in' and v.value = l.value)
        or (l.operator = 'between' and {{ is_between('try_cast(v.value as double)', 'l') }})
),

-- Who met a condition at any time, or so many times, whatever came before or after.
met_conditions as (
    select condition, person_key
    from matches
    group by condition, person_key, minimum_count
    having count(*) >= minimum_count
),

alternative_conditions as (
    select distinct
        version, target_kind, target, criterion_number, alternative_number, condition_number, condition
    from conditions
    where is_compound and not is_negated
),

alternatives as (
    select
        *,
        count(*) over (
            partition by version, target_kind, target, criterion_number, alternative_number
        ) as condition_count
    from alternative_conditions
),

possible_alternatives as (
    select m.person_key
    from alternatives as a
    inner join met_conditions as m on a.condition = m.condition
    group by
        a.version, a.target_kind, a.target, a.criterion_number, a.alternative_number,
        a.condition_count, m.person_key
    having count(*) = a.condition_count
),

-- Nobody else can satisfy a compound, so that nobody else need be followed through time.
candidates as (
    select distinct person_key from possible_alternatives
),

versions as (
    select * from {{ ref('int_agreement_versions') }}
),

opportunities as (
    select * from {{ ref('int_opportunities') }}
),

-- What the debounce drops, nothing is judged by. What has no date is judged by what is known at
-- as_of.
placed as (
    select
        s.person_key,
        s.record_key,
        s.source,
        s.change_key,
        -- Renewals and expansions are no new business: their stages and closings meet nothing.
        case
            when
                s.field not in ('opportunity_stage', 'opportunity_outcome')
                or coalesce(o.opportunity_type, 'new_business') = 'new_business'
                then s.field
        end as judged_field,
        s.value,
        coalesce(s.moment, ctx.as_of) as judged_at,
        coalesce(s.signal_date, ctx.as_of_date) as judged_date,
        s.signal_date,
        s.chain_position,
        s.kind_rank
    from {{ ref('int_signals') }} as s
    inner join candidates as c on s.person_key = c.person_key
    cross join {{ source('ops', 'run_context') }} as ctx
    left join {{ ref('int_slips') }} as d on s.change_key = d.change_key
    left join opportunities as o on s.opportunity_key = o.opportunity_key
    where d.change_key is null
)

select
    p.person_key,
    p.record_key,
    p.source,
    p.change_key,
    p.judged_field,
    p.value,
    p.judged_at,
    p.signal_date is not null as is_dated,
    v.version,
    row_number() over (
        partition by p.person_key
        order by
            p.signal_date nulls last, p.judged_at, p.chain_position, p.kind_rank, p.source,
            p.record_key, p.change_key
    ) as signal_number
from placed as p
inner join versions as v on p.judged_date >= v.applies_from and p.judged_date < v.applies_until
