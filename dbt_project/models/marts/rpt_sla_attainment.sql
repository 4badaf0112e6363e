{%- set period_types = ['all', 'month', 'quarter'] -%}

with clocks as (
    select *, case when status in ('met', 'late') then business_minutes end as minutes_done
    from {{ ref('fct_sla_clocks') }}
    where handoff_key is not null
),

periods as (
    select * from {{ ref('int_sla_periods') }}
),

settings as (
    select * from {{ ref('int_agreed_settings') }}
),

slas as (
    select s.*
    from {{ source('agreement', 'slas') }} as s
    inner join {{ ref('int_agreement_versions') }} as v on s.version = v.version and v.is_in_force
),

segments as (
    select s.handoff_key, v.segment, v.segment_value
    from {{ ref('int_handoff_segments') }} as s
    inner join {{ ref('int_segment_values') }} as v on s.segment_set = v.segment_set
),

-- Beside the agreement's segments: whose clock it was.
segmented as (
    select c.*, s.segment as by_segment, s.segment_value as by_value
    from clocks as c
    inner join segments as s on c.handoff_key = s.handoff_key
    union all
    select c.*, 'assigned_owner', c.owner_key
    from clocks as c
    where c.owner_key is not null
),

periodic as (
    {%- for period_type in period_types %}
    select
        s.*,
        '{{ period_type }}' as period_type,
        {{ period_start('s.due_date', period_type) }} as by_period
    from segmented as s
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
),

counted as (
    select
        team,
        sla,
        period_type,
        by_period as period_start,
        by_segment as segment,
        by_value as segment_value,
        count(*) as n,
        count(case when status = 'met' then 1 end) as met,
        count(case when status = 'late' then 1 end) as late,
        count(case when status = 'overdue' then 1 end) as overdue,
        count(case when status = 'pending' then 1 end) as pending,
        count(case when status = 'void' then 1 end) as void,
        -- Decimals: sums of doubles differ in the last bits between equal runs.
        cast(sum(cast(minutes_done as decimal(18, 4))) as double) / nullif(count(minutes_done), 0)
            as mean_minutes,
        {{ percentiles('minutes_done', [0.5]) }} as quantiles
    from periodic
    where period_type = 'all' or by_period is not null
    group by team, sla, period_type, by_period, by_segment, by_value
)

select
    c.team,
    c.sla,
    c.period_type,
    c.period_start,
    c.segment,
    c.segment_value,
    s.attainment_target as target,
    cast(c.met as double) / nullif(c.met + c.late + c.overdue, 0) as actual,
    c.n,
    c.met,
    c.late,
    c.overdue,
    c.pending,
    c.void,
    cast(c.met as double) / nullif(c.met + c.late + c.overdue, 0) as attainment,
    c.mean_minutes,
    {{ item_at('c.quantiles', 1) }} as median_minutes,
    cast(null as double) as pace,
    c.met + c.late + c.overdue < t.minimum_sample_size as is_small_sample
from counted as c
cross join settings as t
left join slas as s on c.sla = s.sla
union all
select
    p.team,
    p.sla,
    p.period,
    p.period_start,
    'all',
    'all',
    p.target,
    p.actual,
    case p.metric
        when 'acceptance_rate' then p.decided when 'handoff_completeness' then p.judged else p.handoffs
    end,
    case when p.status = 'met' then 1 else 0 end,
    0,
    case when p.status = 'overdue' then 1 else 0 end,
    case when p.status = 'pending' then 1 else 0 end,
    case when p.status = 'void' then 1 else 0 end,
    p.actual / nullif(p.target, 0),
    cast(null as double),
    cast(null as double),
    p.pace,
    p.metric <> 'handoffs_delivered'
    and case when p.metric = 'acceptance_rate' then p.decided else p.judged end < t.minimum_sample_size
from periods as p
cross join settings as t
