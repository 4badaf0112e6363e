with business_days as (
    select * from {{ ref('int_business_days') }}
),

settings as (
    select * from {{ ref('int_agreed_settings') }}
),

judged as (
    select
        d.*,
        case when d.is_business_day then 1 else 0 end as business_day,
        cast({{ dbt.date_trunc('month', 'd.calendar_date') }} as date) as month_start,
        {{ fiscal_period_start('d.calendar_date', 'quarter', 't.fiscal_year_start_month') }}
            as fiscal_quarter_start
    from business_days as d
    cross join settings as t
)

select
    calendar,
    calendar_date,
    version as agreement_version,
    time_zone,
    is_business_day,
    holiday,
    business_minutes,
    cast(sum(business_day) over (
        partition by calendar, month_start order by calendar_date
        rows between unbounded preceding and current row
    ) as integer) as business_days_so_far_in_month,
    cast(sum(business_day) over (partition by calendar, month_start) as integer)
        as business_days_in_month,
    cast(sum(business_day) over (
        partition by calendar, fiscal_quarter_start order by calendar_date
        rows between unbounded preceding and current row
    ) as integer) as business_days_so_far_in_fiscal_quarter,
    cast(sum(business_day) over (partition by calendar, fiscal_quarter_start) as integer)
        as business_days_in_fiscal_quarter
from judged
