with stages_reached as (
    select * from {{ ref('int_stages_reached') }}
),

journeys as (
    select * from {{ ref('int_journeys') }}
),

journey_segments as (
    select * from {{ ref('int_journey_segments') }}
),

segment_sets as (
    select distinct segment_set, segment_set_number from {{ ref('int_segment_values') }}
),

context as (
    select * from {{ source('ops', 'run_context') }}
),

-- Few journeys ever change their segments: the first values hold for all entries of the others.
first_segments as (
    select * from journey_segments where valid_from = {{ since_ever() }}
),

later_segments as (
    select * from journey_segments where valid_from > {{ since_ever() }}
),

changed_journeys as (
    select distinct journey_type, journey_key from later_segments
),

-- Under the policy `implied` stands every stage that any policy counts.
changed_entries as (
    select
        s.journey_type,
        s.journey_key,
        s.stage,
        {{ moment('s.entered_at', 's.precision', 'ctx.reporting_time_zone') }} as moment
    from stages_reached as s
    inner join changed_journeys as c
        on s.journey_type = c.journey_type and s.journey_key = c.journey_key
    cross join context as ctx
    where s.policy = 'implied' and s.entered_at is not null
),

later_entries as (
    select e.journey_type, e.journey_key, e.stage, n.segment_set_number
    from changed_entries as e
    inner join later_segments as g
        on
            e.journey_type = g.journey_type
            and e.journey_key = g.journey_key
            and e.moment >= g.valid_from
            and e.moment < g.valid_until
    inner join segment_sets as n on g.segment_set = n.segment_set
),

persons_again as (
    select person_key from journeys where journey_type = 'pass' group by person_key having count(*) > 1
),

accounts_again as (
    select account_key from journeys where journey_type = 'pass' group by account_key having count(*) > 1
),

reached as (
    select
        s.*,
        j.person_key,
        j.account_key,
        j.is_placeholder,
        coalesce(l.segment_set_number, n.segment_set_number) as segment_set_number,
        p.person_key is not null as is_person_again,
        a.account_key is not null as is_account_again
    from journeys as j
    inner join first_segments as f
        on j.journey_type = f.journey_type and j.journey_key = f.journey_key
    inner join segment_sets as n on f.segment_set = n.segment_set
    left join persons_again as p on j.person_key = p.person_key
    left join accounts_again as a on j.account_key = a.account_key
    inner join stages_reached as s on j.journey_type = s.journey_type and j.journey_key = s.journey_key
    left join later_entries as l
        on s.journey_type = l.journey_type and s.journey_key = l.journey_key and s.stage = l.stage
),

-- Entries of units that have one journey only: each is the first.
alone as (
    select journey_type as unit, journey_key as unit_key, * from reached
    union all
    -- A placeholder person stands for a pass or an opportunity, never for a person.
    select 'person', person_key, * from reached
    where journey_type = 'pass' and not is_placeholder and not is_person_again
    union all
    select 'account', account_key, * from reached
    where journey_type = 'pass' and account_key is not null and not is_account_again
),

again as (
    select 'person' as unit, person_key as unit_key, * from reached
    where journey_type = 'pass' and not is_placeholder and is_person_again
    union all
    select 'account', account_key, * from reached
    where journey_type = 'pass' and is_account_again
),

-- Only where a unit has several journeys: numbering all ten million entries of a million people took
-- most of 21 s.
numbered as (
    select
        *,
        row_number() over (
            partition by policy, unit, unit_key, stage
            order by entered_date nulls last, cohort_date nulls last, journey_key
        ) as entry_number,
        row_number() over (
            partition by policy, unit, unit_key, stage, {{ period_start('cohort_date', 'quarter') }}
            order by entered_date nulls last, cohort_date nulls last, journey_key
        ) as entry_number_in_quarter,
        row_number() over (
            partition by policy, unit, unit_key, stage, {{ dbt.date_trunc('month', 'cohort_date') }}
            order by entered_date nulls last, cohort_date nulls last, journey_key
        ) as entry_number_in_month
    from again
),

entries as (
    select *, 1 as entry_number, 1 as entry_number_in_quarter, 1 as entry_number_in_month from alone
    union all
    select * from numbered
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
    segment_set_number,
    case when entry_number = 1 then 1 else 0 end as is_first,
    case when entry_number_in_quarter = 1 and cohort_date is not null then 1 else 0 end
        as is_first_in_quarter,
    case when entry_number_in_month = 1 and cohort_date is not null then 1 else 0 end
        as is_first_in_month
from entries
