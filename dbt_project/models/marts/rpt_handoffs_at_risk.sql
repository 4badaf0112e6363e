with clocks as (
    select * from {{ ref('fct_sla_clocks') }}
    where status in ('pending', 'overdue') and handoff_key is not null
),

handoffs as (
    select * from {{ ref('fct_handoffs') }}
),

slas as (
    select * from {{ source('agreement', 'slas') }}
),

owners as (
    select * from {{ ref('int_owners') }}
),

recipients as (
    select version, recipient, min(owner) as owner
    from {{ source('agreement', 'recipients') }}
    group by version, recipient
),

context as (
    select * from {{ source('ops', 'run_context') }}
)

-- What nobody can do any more is no risk: an answered lead needs no decision, a pass that ended no call.
select
    c.clock_key,
    c.handoff_key,
    h.person_key,
    h.pass_number,
    c.sla,
    c.team,
    s.label as sla_label,
    c.status,
    h.state,
    h.handed_off_at,
    c.due_at,
    cast({{ seconds_between('ctx.as_of', 'c.due_at') }} / 3600 as double) as hours_to_due,
    c.target,
    c.business_minutes,
    coalesce(c.owner_key, h.recipient_key) as owner_key,
    -- Who can still do something: the owner, else whoever answers for the place it lies in.
    case
        when o.is_active and o.kind = 'person' then o.name
        when o.kind = 'person' then coalesce(o.manager, r.owner)
        else coalesce(r.owner, o.manager)
    end as ask,
    coalesce(not o.is_active, false) as has_owner_left,
    cast(row_number() over (
        partition by c.team
        order by
            case when c.status = 'pending' then 0 else 1 end asc,
            case when c.status = 'pending' then c.due_at end asc,
            c.due_at desc,
            c.clock_key asc
    ) as integer) as urgency
from clocks as c
inner join handoffs as h on c.handoff_key = h.handoff_key
inner join slas as s on c.agreement_version = s.version and c.sla = s.sla
cross join context as ctx
left join owners as o on coalesce(c.owner_key, h.recipient_key) = o.owner_key
left join recipients as r on h.agreement_version = r.version and h.agreed_recipient = r.recipient
where
    h.state in ('waiting', 'assigned', 'attempted', 'accepted_untouched')
    or (h.decision is not null and h.state like '%_without_reason' and c.metric = 'decision')
