with handoffs as (
    select * from {{ ref('fct_handoffs') }} where handed_off_date is not null
),

segments as (
    select s.handoff_key, v.segment, v.segment_value
    from {{ ref('int_handoff_segments') }} as s
    inner join {{ ref('int_segment_values') }} as v on s.segment_set = v.segment_set
),

persons as (
    select * from {{ ref('int_persons') }}
),

settings as (
    select * from {{ ref('int_agreed_settings') }}
),

-- Beside the agreement's segments: campaign, rep, and at which try.
cut as (
    select h.*, s.segment, s.segment_value
    from handoffs as h
    inner join segments as s on h.handoff_key = s.handoff_key
    union all
    select h.*, 'assigned_owner', h.owner_key
    from handoffs as h
    union all
    select h.*, 'handed_off_campaign', p.campaign
    from handoffs as h
    inner join persons as p on h.person_key = p.person_key
    union all
    select h.*, 'handed_off_pass', cast(h.pass_number as varchar)
    from handoffs as h
),

periodic as (
    {%- for period_type in ['all', 'month', 'quarter'] %}
    select
        c.*,
        '{{ period_type }}' as period_type,
        {{ period_start('c.handed_off_date', period_type) }} as period_start
    from cut as c
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
),

counted as (
    select
        period_type,
        period_start,
        segment,
        segment_value,
        count(*) as handoffs,
        count(case when is_complete then 1 end) as complete,
        count(case when is_complete is null then 1 end) as completeness_unknown,
        count(case when decision = 'accepted' then 1 end) as accepted,
        count(case when state = 'accepted_untouched' then 1 end) as accepted_untouched,
        count(case when decision = 'rejected' then 1 end) as rejected,
        count(case when decision = 'recycled' then 1 end) as recycled,
        count(case when decision = 'disqualified' then 1 end) as disqualified,
        count(case when state like '%_without_reason' then 1 end) as without_reason,
        count(case when state = 'never_decided' then 1 end) as never_decided,
        count(case when state in ('waiting', 'assigned', 'attempted') then 1 end) as undecided
    from periodic
    group by period_type, period_start, segment, segment_value
)

select
    c.*,
    cast(c.accepted as double)
    / nullif(c.accepted + c.rejected + c.recycled + c.disqualified, 0) as acceptance_rate,
    c.accepted + c.rejected + c.recycled + c.disqualified < t.minimum_sample_size as is_small_sample
from counted as c
cross join settings as t
