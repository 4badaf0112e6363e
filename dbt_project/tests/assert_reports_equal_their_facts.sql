{#- The `all` row of each report against the facts that it counts, which are counted here anew. -#}
with opportunities as (
    select
        *,
        cast(amount_reporting as decimal(18, 4)) as money,
        opportunity_type = 'new_business' as is_new
    from {{ ref('fct_opportunities') }}
    where not is_deleted
),

won_or_lost as (
    select * from {{ ref('rpt_win_loss') }} where period_type = 'all' and segment = 'all'
),

pipelines as (
    select * from {{ ref('rpt_pipeline') }} where period_type = 'all' and segment = 'all'
),

entered_stages as (
    select distinct t.person_key, t.pass_key, t.to_stage as stage, s.stage_rank
    from {{ ref('fct_stage_transitions') }} as t
    inner join {{ ref('int_agreed_stages') }} as s on t.to_stage = s.stage
),

entries as (
    select e.*, n.is_placeholder, j.account_key
    from entered_stages as e
    inner join {{ ref('dim_persons') }} as n on e.person_key = n.person_key
    inner join {{ ref('fct_passes') }} as j on e.pass_key = j.pass_key
),

-- What the funnel counts, by unit and stage, under the policy that asks for real entries.
units as (
    select 'pass' as unit, pass_key as unit_key, stage, stage_rank from entries
    union
    select 'person', person_key, stage, stage_rank from entries where not is_placeholder
    union
    select 'account', account_key, stage, stage_rank from entries where account_key is not null
),

converted as (
    select a.unit, a.stage as from_stage, b.stage as to_stage, count(*) as units
    from units as a
    inner join units as b
        on a.unit = b.unit and a.unit_key = b.unit_key and a.stage_rank < b.stage_rank
    where a.unit = 'pass'
    group by a.unit, a.stage, b.stage
),

entered as (
    select unit, stage, count(*) as units
    from units
    group by unit, stage
),

reached as (
    select a.stage as from_stage, b.stage as to_stage, count(*) as units
    from {{ ref('fct_pass_stages') }} as a
    inner join {{ ref('fct_pass_stages') }} as b
        on a.pass_key = b.pass_key and a.stage_rank < b.stage_rank
    where a.is_reached and b.is_reached
    group by a.stage, b.stage
),

cohorts as (
    select *
    from {{ ref('rpt_funnel_conversion') }}
    where
        method = 'cohort' and period_type = 'all' and segment = 'all' and window_days is null
),

-- A report has no row where nobody entered; what has one is compared, and their number too.
conversions as (
    select
        'rpt_funnel_conversion.entered ' || c.unit || ' ' || c.from_stage as what,
        coalesce(e.units, 0) as expected,
        c.entered as found
    from cohorts as c
    left join entered as e on c.unit = e.unit and c.from_stage = e.stage
    where c.policy = 'any' and c.unit <> 'opportunity'
    union all
    select
        'rpt_funnel_conversion.converted ' || c.from_stage || ' ' || c.to_stage,
        coalesce(v.units, 0),
        c.converted
    from cohorts as c
    left join converted as v on c.from_stage = v.from_stage and c.to_stage = v.to_stage
    where c.policy = 'any' and c.unit = 'pass'
    union all
    select
        'rpt_funnel_conversion.implied ' || c.from_stage || ' ' || c.to_stage,
        coalesce(r.units, 0),
        c.converted
    from cohorts as c
    left join reached as r on c.from_stage = r.from_stage and c.to_stage = r.to_stage
    where c.policy = 'implied' and c.unit = 'pass'
    union all
    select
        'rpt_funnel_conversion rows',
        (
            select count(*)
            from entered as e
            inner join {{ ref('int_agreed_stages') }} as a on e.stage = a.stage
            inner join {{ ref('int_agreed_stages') }} as b on a.stage_rank < b.stage_rank
        ),
        (select count(*) from cohorts where policy = 'any' and unit <> 'opportunity')
),

numbered as (
    select
        t.pass_key, t.to_stage as stage, s.stage_rank, t.transition_date as entered_date,
        row_number() over (
            partition by t.pass_key, t.to_stage order by t.transition_number
        ) as entry_number
    from {{ ref('fct_stage_transitions') }} as t
    inner join {{ ref('int_agreed_stages') }} as s on t.to_stage = s.stage
),

dated as (
    select * from numbered where entry_number = 1 and entered_date is not null
),

waits as (
    select a.stage as from_stage, b.stage as to_stage, count(*) as passes
    from dated as a
    inner join dated as b on a.pass_key = b.pass_key and a.stage_rank < b.stage_rank
    group by a.stage, b.stage
),

arrivals as (
    select from_stage, to_stage, period_type, sum(arrived) as arrived
    from {{ ref('rpt_velocity_by_arrival') }}
    group by from_stage, to_stage, period_type
),

-- Whoever arrived did so in one month, one quarter and the whole time.
arrived as (
    {%- for period_type in ['all', 'quarter', 'month'] %}
    select
        'rpt_velocity_by_arrival.arrived {{ period_type }} ' || w.from_stage || ' ' || w.to_stage as what,
        w.passes as expected,
        coalesce(a.arrived, 0) as found
    from waits as w
    left join arrivals as a
        on
            w.from_stage = a.from_stage
            and w.to_stage = a.to_stage
            and a.period_type = '{{ period_type }}'
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
),

velocities as (
    select
        'rpt_funnel_velocity.completed ' || v.from_stage || ' ' || v.to_stage as what,
        coalesce(w.passes, 0) as expected,
        v.completed as found
    from {{ ref('rpt_funnel_velocity') }} as v
    left join waits as w on v.from_stage = w.from_stage and v.to_stage = w.to_stage
    where v.policy = 'any' and v.unit = 'pass' and v.period_type = 'all' and v.segment = 'all'
),

losses as (
    select dimension, sum(lost) as lost, sum(share_of_lost) as shares
    from {{ ref('rpt_loss_reasons') }}
    where period_type = 'all' and segment = 'all'
    group by dimension
),

loss_dimensions as (
    select 'reason' as dimension
    union all
    select 'competitor'
    union all
    select 'stage'
),

closed_lost as (
    select count(*) as lost from opportunities where is_new and is_closed and not is_won
),

-- Of each opportunity that a page on key deals lists, what it was closed as and for how much.
key_deals as (
    select
        'rpt_key_deals ' || k.opportunity_key as what,
        case when (k.outcome = 'won') = o.is_won and o.is_closed then o.money end as expected,
        cast(k.amount_reporting as decimal(18, 4)) as found
    from {{ ref('rpt_key_deals') }} as k
    left join opportunities as o on k.opportunity_key = o.opportunity_key and o.is_new
),

qualified as (
    select definition, count(distinct person_key) as persons
    from {{ ref('int_qualifications') }}
    where is_qualified
    group by definition
),

leads as (
    select count(distinct p.person_key) as leads
    from {{ ref('fct_passes') }} as p
    inner join {{ ref('dim_persons') }} as n on p.person_key = n.person_key
    where not n.is_placeholder
),

figures as (
    {%- for column, condition in [
        ('opportunities', 'is_new'), ('open', 'is_new and not is_closed'),
        ('won', 'is_new and is_won'), ('lost', 'is_new and is_closed and not is_won'),
        ('created', 'is_new')
    ] %}
    select
        'rpt_win_loss.{{ column }}' as what,
        (select count(*) from opportunities where {{ condition }}) as expected,
        (select coalesce(sum({{ column }}), 0) from won_or_lost) as found
    union all
    {%- endfor %}
    {%- for column, condition in [
        ('created', 'is_new'), ('won', 'is_new and is_won'),
        ('renewals_won', "opportunity_type = 'renewal' and is_won"),
        ('renewals_lost', "opportunity_type = 'renewal' and is_closed and not is_won"),
        ('influenced', 'is_new and is_influenced'), ('open + omitted', 'is_new and not is_closed')
    ] %}
    select
        'rpt_pipeline.{{ column }}',
        (select count(*) from opportunities where {{ condition }}),
        (select coalesce(sum({{ column }}), 0) from pipelines)
    union all
    {%- endfor %}
    select what, expected, found
    from conversions
    union all
    select what, expected, found
    from velocities
    union all
    select what, expected, found
    from arrived
    union all
    -- Those without a reason are in it: nothing is re-based.
    select 'rpt_loss_reasons.lost ' || d.dimension, c.lost, coalesce(l.lost, 0)
    from loss_dimensions as d
    cross join closed_lost as c
    left join losses as l on d.dimension = l.dimension
    union all
    select 'rpt_loss_reasons.share_of_lost ' || dimension, 1000000, round(shares * 1000000)
    from losses
    union all
    select
        'rpt_definition_gap.qualified ' || g.definition,
        coalesce(q.persons, 0),
        g.qualified
    from {{ ref('rpt_definition_gap') }} as g
    left join qualified as q on g.definition = q.definition
    where g.period_type = 'all'
    union all
    select
        'rpt_criteria_lift ' || c.definition || ' ' || c.criterion || ' ' || c.outcome,
        l.leads,
        c.n_true + c.n_false + c.n_unknown
    from {{ ref('rpt_criteria_lift') }} as c
    cross join leads as l
    where c.period_type = 'all'
),

money as (
    {%- for report, column, condition in [
        ('won_or_lost', 'won_value', 'is_new and is_won'),
        ('won_or_lost', 'lost_value', 'is_new and is_closed and not is_won'),
        ('pipelines', 'won_value', 'is_new and is_won'),
        ('pipelines', 'pipeline_created_current', 'is_new'),
        ('pipelines', 'renewals_won_value', "opportunity_type = 'renewal' and is_won"),
        ('pipelines', 'renewals_lost_value',
            "opportunity_type = 'renewal' and is_closed and not is_won"),
        ('pipelines', 'expansions_won_value', "opportunity_type = 'expansion' and is_won")
    ] %}
    select
        '{{ report }}.{{ column }}' as what,
        (select coalesce(sum(money), 0) from opportunities where {{ condition }}) as expected,
        (select coalesce(sum(cast({{ column }} as decimal(18, 4))), 0) from {{ report }}) as found
    union all
    {%- endfor %}
    select
        'pipelines.open_pipeline + omitted_pipeline',
        (select coalesce(sum(money), 0) from opportunities where is_new and not is_closed),
        (
            select
                coalesce(sum(cast(open_pipeline as decimal(18, 4))), 0)
                + coalesce(sum(cast(omitted_pipeline as decimal(18, 4))), 0)
            from pipelines
        )
    union all
    select
        'pipelines.sourced_by',
        (select coalesce(sum(cast(pipeline_created as decimal(18, 4))), 0) from pipelines),
        (
            select
                coalesce(sum(cast(sourced_by_marketing as decimal(18, 4))), 0)
                + coalesce(sum(cast(sourced_by_sales as decimal(18, 4))), 0)
                + coalesce(sum(cast(sourced_by_customer_success as decimal(18, 4))), 0)
            from pipelines
        )
)

select what, cast(expected as decimal(38, 4)) as expected, cast(found as decimal(38, 4)) as found
from figures
where expected <> found
union all
select what, expected, found
from money
where expected <> found
union all
select what, expected, found
from key_deals
where expected is distinct from found
