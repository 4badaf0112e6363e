{%- set columns = opportunity_fields().keys() | list + ['outcome'] -%}

with opportunities as (
    select
        *,
        -- Where nobody knows the beginning, the first state has none.
        coalesce(created_moment, timestamp '0001-01-01 00:00:00') as first_moment
    from {{ ref('int_opportunity_records') }}
),

changes as (
    select * from {{ ref('int_opportunity_changes') }} where has_happened
),

outcomes as (
    select * from {{ ref('int_opportunity_outcomes') }}
),

context as (
    select * from {{ source('ops', 'run_context') }}
),

settings as (
    select * from {{ ref('int_agreed_settings') }}
),

events as (
    select
        opportunity_key, field, value, moment, changed_at_precision as precision, evidence,
        is_initial, change_number
    from changes
    union all
    select
        opportunity_key, 'outcome', outcome, moment, changed_at_precision, evidence,
        outcome_number = 1, outcome_number
    from outcomes
),

-- Nothing is dated before the creation, or from the deletion on.
clipped as (
    select
        e.opportunity_key,
        e.field,
        e.value,
        case
            when e.is_initial or e.moment < o.first_moment then o.first_moment
            else e.moment
        end as moment,
        e.precision,
        e.evidence,
        e.is_initial,
        e.change_number
    from events as e
    inner join opportunities as o on e.opportunity_key = o.opportunity_key
    where e.is_initial or o.deleted_moment is null or e.moment < o.deleted_moment
),

ranked as (
    select
        *,
        row_number() over (
            partition by opportunity_key, field, moment
            order by case when is_initial then 1 else 0 end, change_number desc
        ) as recency
    from clipped
),

field_intervals as (
    select
        opportunity_key,
        field,
        value,
        moment as valid_from,
        lead(moment) over (partition by opportunity_key, field order by moment) as valid_until
    from ranked
    where recency = 1
),

moments as (
    select
        opportunity_key,
        moment,
        -- A day is as much as is known only where nothing at that moment has an hour.
        max(precision) as precision,
        min(case evidence when 'stamped' then 1 when 'observed' then 2 else 3 end) as evidence_rank
    from clipped
    group by opportunity_key, moment
),

combined as (
    select
        m.opportunity_key,
        m.moment,
        max(m.precision) as precision,
        max(m.evidence_rank) as evidence_rank,
        {%- for column in columns %}
        max(case when f.field = '{{ column }}' then f.value end) as {{ column }},
        {%- endfor %}
        count(*) as fields_known
    from moments as m
    inner join field_intervals as f
        on
            m.opportunity_key = f.opportunity_key
            and m.moment >= f.valid_from
            and (f.valid_until is null or m.moment < f.valid_until)
    group by m.opportunity_key, m.moment
),

preceded as (
    select
        *,
        {%- for column in columns %}
        lag({{ column }}) over states as {{ column }}_before,
        {%- endfor %}
        row_number() over states = 1 as is_first
    from combined
    window states as (partition by opportunity_key order by moment)
),

compared as (
    select
        *,
        is_first
        {%- for column in columns %}
        or ({{ column }} is distinct from {{ column }}_before)
        {%- endfor %} as is_change,
        case when (outcome is distinct from outcome_before) then moment end as outcome_moment
    from preceded
),

kept as (
    select
        *,
        lead(moment) over (partition by opportunity_key order by moment) as next_moment,
        cast(row_number() over (partition by opportunity_key order by moment) as integer)
            as state_number,
        -- Since when the outcome has stood, which is what money of a closed one is converted at.
        max(outcome_moment) over (
            partition by opportunity_key order by moment
            rows between unbounded preceding and current row
        ) as outcome_since
    from compared
    where is_change
),

bounded as (
    select
        k.*,
        o.source,
        o.instance,
        case when k.moment > timestamp '0001-01-01 00:00:00' then k.moment end as valid_from,
        coalesce(k.next_moment, o.deleted_moment) as valid_until,
        case
            when k.outcome <> 'open' then k.outcome_since
            else k.moment
        end as money_moment
    from kept as k
    inner join opportunities as o on k.opportunity_key = o.opportunity_key
)

select
    b.opportunity_key,
    b.state_number,
    b.source,
    b.instance,
    b.valid_from,
    case when b.valid_from is not null then b.precision end as valid_from_precision,
    b.valid_until,
    cast({{ to_zone('b.valid_from', 'ctx.reporting_time_zone') }} as date) as valid_from_date,
    cast({{ to_zone('b.valid_until', 'ctx.reporting_time_zone') }} as date) as valid_until_date,
    b.next_moment is null as is_last,
    case b.evidence_rank when 1 then 'stamped' when 2 then 'observed' else 'inferred' end
        as evidence,
    b.stage,
    cast(b.amount as double) as amount,
    coalesce(b.currency, s.currency) as currency,
    cast(b.probability as double) as probability,
    b.forecast_category,
    cast(b.expected_close_date as date) as expected_close_date,
    b.owner_key,
    b.outcome,
    b.outcome <> 'open' as is_closed,
    b.outcome = 'won' as is_won,
    -- Without a date of its own: at as_of, as what is open is.
    case
        when b.money_moment > timestamp '0001-01-01 00:00:00' then b.money_moment
        else ctx.as_of
    end as money_at,
    case
        when b.money_moment > timestamp '0001-01-01 00:00:00'
            then cast({{ to_zone('b.money_moment', 'ctx.reporting_time_zone') }} as date)
        else ctx.as_of_date
    end as money_date
from bounded as b
cross join context as ctx
cross join settings as s
