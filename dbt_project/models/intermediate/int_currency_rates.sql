with versions as (
    select * from {{ ref('base_files__currency_rates') }} where cast_problem is null
),

context as (
    select * from {{ source('ops', 'run_context') }}
),

settings as (
    select * from {{ ref('int_agreed_settings') }}
),

dated as (
    select
        v.source,
        v.instance,
        v.currency,
        coalesce(v.to_currency, s.currency) as to_currency,
        s.currency as reporting_currency,
        {{ reporting_date('v.rate_date', 'v.rate_date_precision', 'ctx.reporting_time_zone') }}
            as rate_date,
        v.rate,
        v.exported_at as known_at,
        v.record_key,
        v.line
    from versions as v
    cross join context as ctx
    cross join settings as s
    where v.rate > 0 and v.rate_date is not null
),

-- 1 unit of the currency = rate units of the reporting currency; an inverse rate says the same.
factors as (
    select
        source, instance, currency, rate_date, known_at, rate as factor, 1 as preference,
        record_key, line
    from dated
    where to_currency = reporting_currency and currency <> reporting_currency
    union all
    select
        source, instance, to_currency, rate_date, known_at, 1 / rate, 2, record_key, line
    from dated
    where currency = reporting_currency and to_currency <> reporting_currency
),

ranked as (
    select
        *,
        row_number() over (
            partition by source, instance, currency, rate_date, known_at
            order by preference asc, record_key asc, line desc
        ) as choice
    from factors
),

landed as (
    select
        *,
        row_number() over versions_of_day as version_number,
        lead(known_at) over versions_of_day as known_until
    from ranked
    where choice = 1
    window versions_of_day as (
        partition by source, instance, currency, rate_date order by known_at
    )
),

days as (
    select
        source,
        instance,
        currency,
        rate_date,
        lead(rate_date) over (
            partition by source, instance, currency order by rate_date
        ) as applies_until
    from landed
    where version_number = 1
)

select
    l.source,
    l.instance,
    l.currency,
    l.rate_date as applies_from,
    coalesce(d.applies_until, date '9999-12-31') as applies_until,
    -- The first version that landed counts for all that happened before, an edit for what follows.
    case when l.version_number = 1 then timestamp '0001-01-01 00:00:00' else l.known_at end
        as known_from,
    coalesce(l.known_until, timestamp '9999-12-31 00:00:00') as known_until,
    cast(l.version_number as integer) as version_number,
    l.factor
from landed as l
inner join days as d
    on
        l.source = d.source
        and l.instance = d.instance
        and l.currency = d.currency
        and l.rate_date = d.rate_date
