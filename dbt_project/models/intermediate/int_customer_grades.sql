with customers as (
    select * from {{ ref('int_customers') }}
),

accounts as (
    select * from {{ ref('int_accounts') }}
),

rules as (
    select r.*
    from {{ source('agreement', 'customer_definitions') }} as r
    inner join {{ ref('int_agreement_versions') }} as v on r.version = v.version and v.is_in_force
),

looked_at as (
    select
        c.customer_key,
        c.is_customer,
        r.kind,
        r.rule_number,
        r.field,
        r.operator,
        r.value as wanted,
        r.threshold,
        case r.field
            when 'retained_months' then cast(c.retained_months as double)
            when 'won_value' then c.won_value
            when 'margin' then c.margin
            when 'account.employees' then a.employees
            when 'account.revenue' then a.revenue
        end as number,
        case r.field
            when 'loss_reason' then c.loss_reason
            when 'account.industry' then a.industry
            when 'account.country' then a.country
        end as text
    from customers as c
    cross join rules as r
    left join accounts as a on c.account_key = a.account_key
),

-- Who is still a customer may yet stay longer: months so far decide only what they have passed.
judged as (
    select
        customer_key,
        kind,
        rule_number,
        max(case
            when operator = 'in' and text is not null then case when text = wanted then 1 else 0 end
            when operator = 'at_least' and number >= threshold then 1
            when operator = 'at_most' and number > threshold then 0
            when field = 'retained_months' and is_customer then null
            when number is not null then case operator when 'at_least' then 0 when 'at_most' then 1 end
        end) as holds
    from looked_at
    group by customer_key, kind, rule_number
),

graded as (
    select
        c.customer_key,
        {{ all_hold("case when j.kind = 'good' then j.holds when j.kind = 'bad' then 1 end") }} as is_good,
        {{ any_holds("case when j.kind = 'bad' then j.holds when j.kind = 'good' then 0 end") }} as is_bad,
        max(case when j.kind = 'good' then 1 else 0 end) as has_good,
        max(case when j.kind = 'bad' then 1 else 0 end) as has_bad
    from customers as c
    left join judged as j on c.customer_key = j.customer_key
    group by c.customer_key
)

select
    customer_key,
    case when has_good = 1 then is_good = 1 end as is_good,
    case when has_bad = 1 then is_bad = 1 end as is_bad,
    case
        when has_good = 0 and has_bad = 0 then null
        when has_bad = 1 and is_bad = 1 then 'bad'
        when has_good = 1 and is_good = 1 and (has_bad = 0 or is_bad = 0) then 'good'
        when (has_good = 1 and is_good is null) or (has_bad = 1 and is_bad is null) then 'too_early'
        else 'neither'
    end as grade
from graded
