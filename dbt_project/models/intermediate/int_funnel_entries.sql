with stages_reached as (
    select * from {{ ref('int_stages_reached') }}
),

journeys as (
    select * from {{ ref('int_journeys') }}
),

reached as (
    select
        s.*,
        j.person_key,
        j.account_key,
        j.is_placeholder,
        j.segment_set
    from stages_reached as s
    inner join journeys as j on s.journey_type = j.journey_type and s.journey_key = j.journey_key
),

-- A placeholder person stands for a pass or an opportunity, never for a person.
by_unit as (
    select journey_type as unit, journey_key as unit_key, * from reached
    union all
    select 'person', person_key, * from reached
    where journey_type = 'pass' and not is_placeholder
    union all
    select 'account', account_key, * from reached
    where journey_type = 'pass' and account_key is not null
),

numbered as (
    select
        *,
        row_number() over (
            partition by policy, unit, unit_key, stage
            order by entered_date nulls last, cohort_date nulls last, journey_key
        ) as entry_number,
        row_number() over (
            partition by policy, unit, unit_key, stage, {{ dbt.date_trunc('quarter', 'cohort_date') }}
            order by entered_date nulls last, cohort_date nulls last, journey_key
        ) as entry_number_in_quarter,
        row_number() over (
            partition by policy, unit, unit_key, stage, {{ dbt.date_trunc('month', 'cohort_date') }}
            order by entered_date nulls last, cohort_date nulls last, journey_key
        ) as entry_number_in_month
    from by_unit
)

select
    policy,
    unit,
    unit_key,
    journey_key,
    stage,
    stage_rank,
    entered_at,
    entered_date,
    precision,
    cast({{ dbt.date_trunc('month', 'cohort_date') }} as date) as cohort_month,
    segment_set,
    case when entry_number = 1 then 1 else 0 end as is_first,
    case when entry_number_in_quarter = 1 and cohort_date is not null then 1 else 0 end
        as is_first_in_quarter,
    case when entry_number_in_month = 1 and cohort_date is not null then 1 else 0 end
        as is_first_in_month
from numbered
