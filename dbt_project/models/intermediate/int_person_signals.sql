{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook='{{ forget_persons() }}'
) }}

{%- set tie_breakers = 'r.chain_position, r.kind_rank, r.order_rank, r.source_rank, r.record_key, r.field,'
    ~ ' r.change_key' -%}

with affected_persons as (
    select * from {{ ref('int_affected_persons') }}
),

stage_signals as (
    select s.*
    from {{ ref('int_stage_signals') }} as s
    inner join affected_persons as p on s.person_key = p.person_key
),

opportunities as (
    select * from {{ ref('int_opportunities') }}
),

-- Where no source delivers activities, silence says nothing.
silences as (
    select
        s.*,
        {{ reporting_date('s.expires_at', "'second'", 'ctx.reporting_time_zone') }} as expires_on
    from {{ ref('int_silences') }} as s
    cross join {{ source('ops', 'run_context') }} as ctx
    inner join affected_persons as p on s.person_key = p.person_key
    inner join {{ ref('int_person_digests') }} as d on s.person_key = d.person_key
    where d.is_heard and s.expires_at < ctx.as_of
),

agreed_stages as (
    select * from {{ ref('int_agreed_stages') }}
),

won_stages as (
    select min(stage_rank) as won_rank from agreed_stages where is_won_stage
),

-- What an opportunity does without entering a stage still says that it is there, and open.
silent_steps as (
    select s.*
    from {{ ref('int_signals') }} as s
    inner join affected_persons as p on s.person_key = p.person_key
    inner join opportunities as o on s.opportunity_key = o.opportunity_key
    left join stage_signals as m on s.change_key = m.change_key
    left join {{ ref('int_slips') }} as d on s.change_key = d.change_key
    where
        d.change_key is null
        and o.opportunity_type = 'new_business'
        and s.field in ('opportunity_created', 'opportunity_stage', 'opportunity_deleted')
        and m.change_key is null
),

signals as (
    select
        person_key, record_key, opportunity_key, source, source_rank, kind_rank, field, value,
        signal_at, precision, signal_date, moment, evidence, change_key, chain_position,
        agreement_version, exit, stage, stage_rank, left_rank, has_turned_true
    from stage_signals
    union all
    select
        person_key, record_key, opportunity_key, source, 1000, kind_rank, field, value,
        signal_at, precision, signal_date, moment, evidence, change_key, chain_position,
        cast(null as integer), cast(null as varchar), cast(null as varchar), cast(null as integer),
        cast(null as integer), false
    from silent_steps
    union all
    -- Silence comes before whatever is said at the same moment.
    select
        s.person_key, cast(null as varchar), cast(null as varchar), cast(null as varchar), 0, 0,
        'silence', cast(null as varchar), s.expires_at as signal_at, 'second', s.expires_on,
        s.expires_at as moment,
        'inferred', s.person_key || '/silence/' || cast(s.last_sign_at as varchar), 0,
        v.version, 'expired', cast(null as varchar), cast(null as integer),
        cast(null as integer), true
    from silences as s
    inner join {{ ref('int_agreement_versions') }} as v
        on s.expires_on >= v.applies_from and s.expires_on < v.applies_until
    union all
    -- Whose last record is gone leaves behind whatever was said at the same moment.
    select
        d.person_key, cast(null as varchar), cast(null as varchar), cast(null as varchar), 0, 5,
        'deletion', cast(null as varchar), d.deleted_at, d.deleted_at_precision, d.deleted_date,
        d.moment, 'observed', d.person_key || '/deletion', 1000001, v.version, 'deleted',
        cast(null as varchar), cast(null as integer), cast(null as integer), true
    from {{ ref('int_person_deletions') }} as d
    inner join affected_persons as p on d.person_key = p.person_key
    inner join {{ ref('int_agreement_versions') }} as v
        on d.deleted_date >= v.applies_from and d.deleted_date < v.applies_until
),

ranked as (
    select
        *,
        -- What means nothing says that it is there, before stages and then exits.
        case
            when stage is not null then stage_rank
            when exit = 'deleted' then 2000000
            when exit is not null then 1000000
            else -1
        end as order_rank
    from signals
),

days_with_date_only as (
    select distinct person_key, signal_date, moment from ranked where precision = 'day'
),

timed as (
    select
        r.person_key,
        r.signal_date,
        r.change_key,
        r.field,
        r.order_rank,
        -- A silence that ends as the day begins comes before what the day alone is known of.
        case
            when r.field = 'silence' and r.signal_at = d.moment then -1
            else row_number() over (
                partition by r.person_key, r.signal_date
                order by r.signal_at, {{ tie_breakers }}
            )
        end as place
    from ranked as r
    inner join days_with_date_only as d
        on r.person_key = d.person_key and r.signal_date = d.signal_date
    where r.precision <> 'day'
),

-- A date-only signal follows the day's last timed signal of lower rank, else it opens the day.
placed as (
    select change_key, place from timed
    union all
    select r.change_key, max(t.place) as place
    from ranked as r
    inner join timed as t on r.person_key = t.person_key and r.signal_date = t.signal_date
    where
        r.precision = 'day'
        -- Nobody says a silence.
        and t.field <> 'silence'
        and t.order_rank >= 0
        and t.order_rank < r.order_rank
    group by r.change_key
),

numbered as (
    select
        r.*,
        cast(row_number() over (
            partition by r.person_key
            order by
                r.signal_date nulls last, coalesce(p.place, 0),
                case when r.precision = 'day' then 1 else 0 end, r.signal_at, {{ tie_breakers }}
        ) as integer) as signal_number
    from ranked as r
    left join placed as p on r.change_key = p.change_key
),

-- Only opportunities of new business open, hold and close a pass.
numbered_opportunities as (
    select
        opportunity_key,
        created_date,
        cast(row_number() over (partition by person_key order by opportunity_key) as integer)
            as opportunity_number
    from opportunities
    where opportunity_type = 'new_business'
)

select
    n.person_key,
    n.signal_number,
    n.record_key,
    n.opportunity_key,
    n.source,
    n.field,
    n.value,
    n.signal_at,
    n.precision,
    n.signal_date,
    n.moment,
    n.evidence,
    n.change_key,
    n.agreement_version,
    n.exit,
    n.stage,
    n.stage_rank,
    n.left_rank,
    n.has_turned_true,
    coalesce(n.stage_rank = w.won_rank, false) as is_win,
    coalesce(
        n.stage_rank > w.won_rank or n.exit = 'churned' or n.field = 'renewal_outcome', false
    ) as is_after_sale,
    o.opportunity_number,
    o.created_date as opportunity_created_date,
    -- Not lost until a signal says that it is, or that it is gone.
    o.opportunity_key is not null
    and not (n.field = 'opportunity_outcome' and n.value = 'lost')
    and n.field <> 'opportunity_deleted'
    and coalesce(n.exit <> 'lost', true) as is_not_lost
from numbered as n
cross join won_stages as w
left join numbered_opportunities as o on n.opportunity_key = o.opportunity_key
