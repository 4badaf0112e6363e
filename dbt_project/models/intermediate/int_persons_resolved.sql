with records as (
    select record_key, record_id, source_rank, created_at from {{ ref('int_person_records') }}
),

links as (
    select * from {{ ref('int_person_links') }} where has_happened
),

hard_edges as (
    select record_key as node_a, other_record_key as node_b from links where strength = 'hard'
),

{{ connected_components('hard', 'hard_edges') }},

-- Persons that a stored id of another system points at: e-mail must not join two of them.
crm_persons as (
    select distinct h.component as hard_person
    from links as l
    inner join hard_components as h on l.other_record_key = h.node
    where l.kind = 'stored_id' and l.is_across_systems
),

email_edges as (
    select
        coalesce(a.component, l.record_key) as node_a,
        coalesce(b.component, l.other_record_key) as node_b
    from links as l
    left join hard_components as a on l.record_key = a.node
    left join hard_components as b on l.other_record_key = b.node
    where l.strength = 'email'
),

{{ connected_components('email', 'email_edges') }},

ambiguous as (
    select e.component
    from email_components as e
    inner join crm_persons as c on e.node = c.hard_person
    group by e.component
    having count(*) > 1
),

-- Ids that only links tell of are there too: what is told of them is told of the person.
linked_keys as (
    select node as record_key, component as hard_person from hard_components
    union all
    select e.node as record_key, e.node as hard_person
    from email_components as e
    left join hard_components as h on e.node = h.node
    where h.node is null
),

joined as (
    select
        k.record_key,
        case when a.component is null then coalesce(e.component, k.hard_person) else k.hard_person end
            as component,
        a.component is not null as is_email_ambiguous
    from linked_keys as k
    left join email_components as e on k.hard_person = e.node
    left join ambiguous as a on e.component = a.component
),

-- The oldest record names the person, so that the key stays when younger ones join.
keyed as (
    select
        j.record_key,
        j.is_email_ambiguous,
        r.record_key is not null as is_record,
        -- A log may tell of a merge between records of which no file has any.
        count(r.record_key) over (partition by j.component) > 0 as is_person,
        first_value(j.record_key) over (
            partition by j.component
            order by
                case when r.record_key is null then 1 else 0 end,
                r.created_at asc nulls last, r.source_rank asc, r.record_id asc, j.record_key asc
        ) as person_key
    from joined as j
    left join records as r on j.record_key = r.record_key
)

select record_key, person_key, is_email_ambiguous, is_record
from keyed
where is_person
union all
select r.record_key, r.record_key as person_key, false as is_email_ambiguous, true as is_record
from records as r
left join joined as j on r.record_key = j.record_key
where j.record_key is null
