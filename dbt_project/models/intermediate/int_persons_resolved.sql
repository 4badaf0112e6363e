with records as (
    select * from {{ ref('int_person_records') }}
),

links as (
    select * from {{ ref('int_person_links') }}
),

hard_edges as (
    select record_key as node_a, other_record_key as node_b from links where strength = 'hard'
),

{{ connected_components('hard', 'hard_edges') }},

hard_persons as (
    select r.record_key, coalesce(c.component, r.record_key) as hard_person
    from records as r
    left join hard_components as c on r.record_key = c.node
),

-- Persons that another system's stored id points at: e-mail must not join two of them.
claimed as (
    select distinct h.hard_person
    from links as l
    inner join hard_persons as h on l.record_key = h.record_key
    where l.kind = 'stored_id'
),

email_edges as (
    select distinct a.hard_person as node_a, b.hard_person as node_b
    from links as l
    inner join hard_persons as a on l.record_key = a.record_key
    inner join hard_persons as b on l.other_record_key = b.record_key
    where l.strength = 'email' and a.hard_person <> b.hard_person
),

{{ connected_components('email', 'email_edges') }},

ambiguous as (
    select e.component
    from email_components as e
    inner join claimed as c on e.node = c.hard_person
    group by e.component
    having count(*) > 1
),

resolved as (
    select
        h.record_key,
        case
            when e.component is null or a.component is not null then h.hard_person
            else e.component
        end as component,
        a.component is not null as is_email_ambiguous
    from hard_persons as h
    left join email_components as e on h.hard_person = e.node
    left join ambiguous as a on e.component = a.component
),

-- The oldest record names the person, so that the key stays when younger ones join.
keyed as (
    select
        v.record_key,
        v.is_email_ambiguous,
        first_value(v.record_key) over (
            partition by v.component
            order by r.created_at asc nulls last, r.source_rank asc, r.record_id asc, v.record_key asc
        ) as person_key
    from resolved as v
    inner join records as r on v.record_key = r.record_key
)

select record_key, person_key, is_email_ambiguous from keyed
