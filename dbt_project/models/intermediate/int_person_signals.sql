{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook='{{ forget_persons() }}'
) }}

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
    where
        o.opportunity_type = 'new_business'
        and s.field in ('opportunity_created', 'opportunity_stage')
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
),

-- A date-only signal follows the day's last timed signal of lower rank, else it opens the day.
date_only as (
    select change_key, person_key, signal_date, coalesce(stage_rank, 1000) as order_rank
    from signals
    where precision = 'day' and signal_date is not null
),

placed as (
    select d.change_key, max(s.signal_at) as order_at
    from date_only as d
    inner join signals as s on d.person_key = s.person_key and d.signal_date = s.signal_date
    where s.precision <> 'day' and coalesce(s.stage_rank, 1000) < d.order_rank
    group by d.change_key
),

numbered as (
    select
        s.*,
        cast(row_number() over (
            partition by s.person_key
            order by
                s.signal_date nulls last,
                case
                    when s.precision <> 'day' then s.signal_at
                    else coalesce(p.order_at, timestamp '0001-01-01 00:00:00')
                end,
                s.chain_position, s.kind_rank, coalesce(s.stage_rank, 1000), s.source_rank,
                s.record_key, s.change_key
        ) as integer) as signal_number
    from signals as s
    left join placed as p on s.change_key = p.change_key
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
    -- Open until a signal says that it closed.
    o.opportunity_key is not null
    and n.field <> 'opportunity_outcome'
    and coalesce(n.exit <> 'lost', true)
    and coalesce(n.stage_rank <> w.won_rank, true) as is_left_open
from numbered as n
cross join won_stages as w
left join numbered_opportunities as o on n.opportunity_key = o.opportunity_key
