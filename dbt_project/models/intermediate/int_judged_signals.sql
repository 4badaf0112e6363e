with conditions as (
    select * from {{ ref('int_compound_conditions') }}
),

leaves as (
    select distinct condition, source, field, operator, value, minimum, maximum
    from conditions
    where is_compound and not is_negated
),

-- What the debounce drops, nothing is judged by.
signals as (
    select s.*
    from {{ ref('int_signals') }} as s
    left join {{ ref('int_slips') }} as d on s.change_key = d.change_key
    where d.change_key is null and exists (select l.condition from leaves as l)
),

fit_values as (
    select * from {{ ref('int_fit_values') }}
),

-- Who met a condition at any time, whatever came before or after.
met_conditions as (
    select l.condition, s.person_key
    from signals as s
    inner join leaves as l
        on
            s.field = l.field
            and s.value = l.value
            and l.operator = 'in'
            and (l.source is null or s.source = l.source)
    union
    select l.condition, s.person_key
    from signals as s
    inner join leaves as l
        on
            s.field = l.field
            and l.operator = 'between'
            and (l.source is null or s.source = l.source)
    where {{ is_between('try_cast(s.value as double)', 'l') }}
    union
    select l.condition, v.person_key
    from fit_values as v
    inner join leaves as l on v.field = l.field and (l.source is null or v.source = l.source)
    where
        (l.operator = 'in' and v.value = l.value)
        or (l.operator = 'between' and {{ is_between('try_cast(v.value as double)', 'l') }})
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

-- Nobody else can satisfy a compound, so that nobody else need be followed through time.
candidates as (
    select distinct person_key
    from (
        select m.person_key
        from alternatives as a
        inner join met_conditions as m on a.condition = m.condition
        group by
            a.version, a.target_kind, a.target, a.criterion_number, a.alternative_number,
            a.condition_count, m.person_key
        having count(*) = a.condition_count
    ) as possible
),

opportunities as (
    select * from {{ ref('int_opportunities') }}
),

versions as (
    select * from {{ ref('int_agreement_versions') }}
),

placed as (
    select
        s.*,
        v.version,
        -- Renewals and expansions are no new business: their stages and closings meet nothing.
        case
            when
                s.field not in ('opportunity_stage', 'opportunity_outcome')
                or coalesce(o.opportunity_type, 'new_business') = 'new_business'
                then s.field
        end as judged_field,
        -- What has no date is judged by what is known at as_of.
        coalesce(s.moment, ctx.as_of) as judged_at
    from signals as s
    inner join candidates as c on s.person_key = c.person_key
    cross join {{ source('ops', 'run_context') }} as ctx
    inner join versions as v
        on
            coalesce(s.signal_date, ctx.as_of_date) >= v.applies_from
            and coalesce(s.signal_date, ctx.as_of_date) < v.applies_until
    left join opportunities as o on s.opportunity_key = o.opportunity_key
)

select
    *,
    row_number() over (
        partition by person_key
        order by
            signal_date nulls last, judged_at, chain_position, kind_rank, source, record_key, change_key
    ) as signal_number
from placed
