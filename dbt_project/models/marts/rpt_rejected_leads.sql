with handoffs as (
    select * from {{ ref('fct_handoffs') }}
),

persons as (
    select * from {{ ref('int_persons') }}
),

exit_reasons as (
    select * from {{ source('agreement', 'exit_reasons') }}
),

-- Their next hand-off, and what became of that one.
followed as (
    select
        h.*,
        n.handed_off_at as delivered_again_at,
        n.decision as next_decision
    from handoffs as h
    left join handoffs as n on h.next_handoff_key = n.handoff_key
    where h.decision <> 'accepted'
)

select
    f.handoff_key,
    f.person_key,
    f.pass_number,
    f.handoff_number,
    f.handed_off_at,
    f.decision,
    f.decided_at,
    f.decided_date,
    f.reason,
    r.label as reason_label,
    f.reason is not null and r.reason is not null as is_reason_agreed,
    f.quality_rating,
    f.owner_key,
    p.lead_source,
    p.campaign,
    f.is_complete,
    f.missing_fields,
    f.next_handoff_key,
    f.delivered_again_at,
    f.next_decision,
    case
        when f.next_decision = 'accepted' then 'accepted_later'
        when f.next_decision is not null then 'turned_down_again'
        when f.next_handoff_key is not null then 'delivered_again'
        when f.decision = 'disqualified' then 'closed'
        else 'with_marketing'
    end as what_next
from followed as f
inner join persons as p on f.person_key = p.person_key
left join exit_reasons as r
    on f.agreement_version = r.version and f.decision = r.exit and f.reason = r.reason
