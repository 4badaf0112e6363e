{%- set listed = 10 -%}

with closed as (
    select o.*, s.stage as stage_at_loss, s.days_in_stage
    from {{ ref('int_new_business') }} as o
    left join {{ ref('int_loss_stages') }} as s on o.opportunity_key = s.opportunity_key
    -- Nobody can say which is large where no amount is known.
    where
        o.is_closed
        and o.amount_reporting is not null
        and (o.is_won or not o.is_lost_value_missing)
),

segments as (
    select
        {%- for segment in deal_segments() %}
        max(case when segment = '{{ segment }}' then segment_value end) as {{ segment }},
        {%- endfor %}
        opportunity_key
    from {{ ref('int_new_business_segments') }}
    where occasion = 'counted'
    group by opportunity_key
),

opportunity_passes as (
    select * from {{ ref('int_opportunity_passes') }} where pass_number is not null
),

passes as (
    select * from {{ ref('fct_passes') }}
),

agreed_stages as (
    select * from {{ ref('int_agreed_stages') }}
),

exits as (
    select e.label
    from {{ source('agreement', 'exits') }} as e
    inner join {{ ref('int_agreement_versions') }} as v on e.version = v.version and v.is_in_force
    where e.exit = 'lost'
),

exit_reasons as (
    select r.reason, r.label
    from {{ source('agreement', 'exit_reasons') }} as r
    inner join {{ ref('int_agreement_versions') }} as v on r.version = v.version and v.is_in_force
    where r.exit = 'lost'
),

stage_entries as (
    select * from {{ ref('int_stage_entries') }}
),

handoffs as (
    select * from {{ ref('fct_handoffs') }}
),

clocks as (
    select * from {{ ref('fct_sla_clocks') }} where handoff_key is not null
),

activity_types as (
    select t.*
    from {{ source('agreement', 'activity_types') }} as t
    inner join {{ ref('int_agreement_versions') }} as v on t.version = v.version and v.is_in_force
),

context as (
    select * from {{ source('ops', 'run_context') }}
),

ranked as (
    {%- for period in ['all', 'quarter'] %}
    select
        '{{ period }}' as period_type,
        {{ period_start('period_date', period) }} as period_start,
        case when is_won then 'won' else 'lost' end as outcome,
        row_number() over (
            partition by is_won, {{ period_start('period_date', period) }}
            order by amount_reporting desc, closed_date asc nulls last, opportunity_key asc
        ) as deal_rank,
        *
    from closed
    {%- if period != 'all' %}
    where period_date is not null
    {%- endif %}
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
),

listed as (
    select * from ranked where deal_rank <= {{ listed }}
),

-- A deal of its quarter and of all time is looked at once.
listed_once as (
    select distinct opportunity_key, person_key, is_won, closed_at, closed_at_precision, closed_date
    from listed
),

deals as (
    select
        l.*,
        p.pass_number,
        p.pass_key,
        p.origin,
        p.entry_path,
        -- Where no pass has it, its own stages tell its way.
        case when p.pass_key is null then 'opportunity' else 'pass' end as journey_type,
        coalesce(p.pass_key, l.opportunity_key) as journey_key
    from listed_once as l
    left join opportunity_passes as o on l.opportunity_key = o.opportunity_key
    left join passes as p on o.person_key = p.person_key and o.pass_number = p.pass_number
),

entered as (
    select
        d.opportunity_key,
        d.closed_date,
        s.label,
        s.is_won_stage,
        s.stage_rank,
        e.entered_date,
        e.entered_at,
        lead(e.entered_date) over (
            partition by d.opportunity_key, e.entered_date is null
            order by e.entered_date, e.entered_at, s.stage_rank
        ) as next_date,
        -- Where an undated one stands is told by its rank.
        coalesce(e.entered_date, max(e.entered_date) over (
            partition by d.opportunity_key order by s.stage_rank
            rows between unbounded preceding and 1 preceding
        )) as placed_date
    from deals as d
    inner join stage_entries as e
        on d.journey_type = e.journey_type and d.journey_key = e.journey_key
    inner join agreed_stages as s on e.stage = s.stage
    -- What came after its closing is not the way to it.
    where e.entered_date is null or d.closed_date is null or e.entered_date <= d.closed_date
),

numbered as (
    select
        *,
        row_number() over (
            partition by opportunity_key
            order by
                placed_date nulls first,
                case when entered_date is null then 1 else 0 end,
                entered_at nulls first,
                stage_rank
        ) as step_number
    from entered
),

timed_steps as (
    select
        *,
        coalesce(next_date, closed_date) as left_date
    from numbered
),

steps as (
    select
        opportunity_key,
        step_number,
        label || case
            when entered_date is null then ' (undated)'
            when is_won_stage or left_date is null then ''
            else ' ' || cast({{ days_between('entered_date', 'left_date') }} as varchar) || ' d'
        end as step
    from timed_steps
    union all
    select d.opportunity_key, 1000000, e.label
    from deals as d
    cross join exits as e
    where not d.is_won
),

ways as (
    select opportunity_key, {{ dbt.listagg('step', "' > '", 'order by step_number') }} as way
    from steps
    group by opportunity_key
),

attached as (
    select opportunity_key, person_key from deals
    union
    select d.opportunity_key, p.person_key
    from deals as d
    inner join {{ ref('int_opportunity_persons') }} as r on d.opportunity_key = r.opportunity_key
    inner join {{ ref('int_persons_resolved') }} as p on r.person_record_key = p.record_key
),

inbound as (
    select
        a.activity_key,
        a.person_key,
        a.content,
        a.occurred_at_precision,
        {{ moment('a.occurred_at', 'a.occurred_at_precision', 'ctx.reporting_time_zone') }}
            as touched_at,
        {{ reporting_date('a.occurred_at', 'a.occurred_at_precision', 'ctx.reporting_time_zone') }}
            as touched_date
    from {{ ref('int_activities') }} as a
    cross join context as ctx
    left join activity_types as t on a.activity_type = t.activity_type
    where not a.is_automated and coalesce(a.direction, t.direction) = 'inbound'
),

touches as (
    select d.opportunity_key, i.activity_key, i.content, i.touched_at
    from deals as d
    inner join attached as a on d.opportunity_key = a.opportunity_key
    inner join inbound as i on a.person_key = i.person_key
    where
        i.touched_date < d.closed_date
        or (
            i.touched_date = d.closed_date
            and (
                d.closed_at_precision = 'day'
                or i.occurred_at_precision = 'day'
                or i.touched_at <= d.closed_at
            )
        )
),

touched as (
    select
        opportunity_key,
        count(distinct activity_key) as touches,
        count(distinct content) as contents
    from touches
    group by opportunity_key
),

first_touches as (
    select
        opportunity_key,
        content,
        row_number() over (
            partition by opportunity_key order by min(touched_at), content
        ) as place
    from touches
    where content is not null
    group by opportunity_key, content
),

content_names as (
    select opportunity_key, {{ dbt.listagg('content', "'; '", 'order by place') }} as content_names
    from first_touches
    where place <= 10
    group by opportunity_key
),

timed as (
    select
        d.opportunity_key,
        c.status,
        case when c.metric = 'speed_to_lead' and c.status in ('met', 'late') then c.business_minutes end
            as minutes_to_lead,
        h.handoff_number
    from deals as d
    inner join handoffs as h on d.pass_key = h.pass_key
    inner join clocks as c on h.handoff_key = c.handoff_key
    where d.closed_date is null or h.handed_off_date <= d.closed_date
),

promises as (
    select
        opportunity_key,
        count(case when status = 'met' then 1 end) as clocks_met,
        count(case when status = 'late' then 1 end) as clocks_late,
        count(case when status = 'overdue' then 1 end) as clocks_overdue,
        -- Of the first hand-off that was answered by an attempt.
        {{ first_value_by('minutes_to_lead', 'handoff_number') }} as speed_to_lead_minutes
    from timed
    group by opportunity_key
)

select
    l.period_type,
    l.period_start,
    l.outcome,
    cast(l.deal_rank as integer) as deal_rank,
    l.opportunity_key,
    l.account_key,
    l.person_key,
    d.pass_number,
    g.deal_owner as owner_key,
    l.closed_date,
    cast(l.amount_reporting as double) as amount_reporting,
    g.deal_product as product,
    g.deal_source as lead_source,
    case when not l.is_won then l.loss_reason end as reason,
    case when not l.is_won then r.label end as reason_label,
    case when not l.is_won then coalesce(l.is_reason_known, false) end as is_reason_known,
    l.competitor,
    l.stage_at_loss,
    cast(l.days_in_stage as integer) as days_in_stage,
    cast(l.cycle_days as integer) as cycle_days,
    d.origin,
    d.entry_path,
    w.way,
    case when l.closed_date is not null then cast(coalesce(t.touches, 0) as integer) end as touches,
    case when l.closed_date is not null then cast(coalesce(t.contents, 0) as integer) end as contents,
    n.content_names,
    cast(coalesce(p.clocks_met, 0) as integer) as clocks_met,
    cast(coalesce(p.clocks_late, 0) as integer) as clocks_late,
    cast(coalesce(p.clocks_overdue, 0) as integer) as clocks_overdue,
    p.speed_to_lead_minutes
from listed as l
inner join deals as d on l.opportunity_key = d.opportunity_key
left join segments as g on l.opportunity_key = g.opportunity_key
left join exit_reasons as r on l.loss_reason = r.reason
left join ways as w on l.opportunity_key = w.opportunity_key
left join touched as t on l.opportunity_key = t.opportunity_key
left join content_names as n on l.opportunity_key = n.opportunity_key
left join promises as p on l.opportunity_key = p.opportunity_key
