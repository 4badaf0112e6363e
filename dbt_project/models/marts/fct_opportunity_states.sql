with states as (
    select * from {{ ref('int_opportunity_states') }}
),

conversions as (
    select * from {{ ref('int_currency_conversions') }}
)

select
    s.opportunity_key,
    s.state_number,
    s.valid_from,
    s.valid_until,
    s.valid_from_precision,
    s.valid_from_date,
    s.valid_until_date,
    s.is_last,
    s.evidence,
    s.stage,
    s.is_closed,
    s.is_won,
    s.amount,
    s.currency,
    {{ money('s.amount * c.factor') }} as amount_reporting,
    s.probability,
    {{ money('s.amount * s.probability * c.factor') }} as amount_weighted_reporting,
    s.forecast_category,
    s.expected_close_date,
    s.owner_key
from states as s
left join conversions as c
    on
        s.source = c.source
        and s.instance = c.instance
        and s.currency = c.currency
        and s.money_at = c.money_at
