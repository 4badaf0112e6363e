with signals as (
    select min(signal_date) as first_date from {{ ref('int_signals') }}
),

opportunities as (
    select min(created_date) as first_date from {{ ref('int_opportunities') }}
),

-- West of Greenwich the UTC day may be the next one.
persons as (
    select {{ days_later('min(first_seen_at)', -1) }} as first_date from {{ ref('int_persons') }}
),

versions as (
    select min(effective_from) as first_date from {{ ref('int_agreement_versions') }}
),

settings as (
    select * from {{ ref('int_agreed_settings') }}
),

context as (
    select * from {{ source('ops', 'run_context') }}
),

first_facts as (
    select min(first_date) as first_date
    from (
        select first_date from signals
        union all
        select first_date from opportunities
        union all
        select first_date from persons
        union all
        select first_date from versions
    ) as facts
),

-- Whole fiscal years. A system that writes 0001-01-01 for "unknown" would ask for 740,000 days: a
-- century before as_of is as far back as they go.
bounds as (
    select
        greatest(
            {{ fiscal_period_start('f.first_date', 'year', 't.fiscal_year_start_month') }},
            {{ fiscal_period_start(
                dbt.dateadd('year', -100, 'ctx.as_of_date'), 'year', 't.fiscal_year_start_month'
            ) }}
        ) as first_date,
        {{ days_later(
            fiscal_period_start(
                dbt.dateadd('year', 2, 'ctx.as_of_date'), 'year', 't.fiscal_year_start_month'
            ),
            -1
        ) }} as last_date
    from first_facts as f
    cross join context as ctx
    cross join settings as t
),

numbers as (
    {{ numbers_below(5) }}
)

select {{ days_later('b.first_date', 'n.number') }} as calendar_date
from bounds as b
inner join numbers as n on n.number <= {{ days_between('b.first_date', 'b.last_date') }}
