with states as (
    select * from {{ ref('int_opportunity_states') }}
),

rates as (
    select * from {{ ref('int_currency_rates') }}
),

source_ranks as (
    select * from {{ ref('int_source_ranks') }}
),

context as (
    select * from {{ source('ops', 'run_context') }}
),

settings as (
    select * from {{ ref('int_agreed_settings') }}
),

-- Money of a state is converted as of its beginning or closing; what is open also as of now.
events as (
    select source, instance, currency, money_at, money_date from states
    union
    select s.source, s.instance, s.currency, ctx.as_of, ctx.as_of_date
    from states as s
    cross join context as ctx
    where s.is_last and not s.is_closed
),

users as (
    select distinct source, instance, currency from events
),

rate_sources as (
    select distinct source, instance, currency from rates
),

-- A system's own rates go before another one's.
choices as (
    select
        u.source,
        u.instance,
        u.currency,
        r.source as rate_source,
        r.instance as rate_instance,
        row_number() over (
            partition by u.source, u.instance, u.currency
            order by
                case when r.source = u.source and r.instance = u.instance then 0 else 1 end asc,
                coalesce(k.source_rank, 1000) asc, r.source asc, r.instance asc
        ) as choice
    from users as u
    inner join rate_sources as r on u.currency = r.currency
    left join source_ranks as k on r.source = k.source
)

select
    e.source,
    e.instance,
    e.currency,
    e.money_at,
    r.factor
from events as e
inner join choices as c
    on
        e.source = c.source
        and e.instance = c.instance
        and e.currency = c.currency
        and c.choice = 1
inner join rates as r
    on
        c.rate_source = r.source
        and c.rate_instance = r.instance
        and c.currency = r.currency
        and e.money_date >= r.applies_from
        and e.money_date < r.applies_until
        and e.money_at >= r.known_from
        and e.money_at < r.known_until
union all
select e.source, e.instance, e.currency, e.money_at, cast(1 as double)
from events as e
inner join settings as s on e.currency = s.currency
