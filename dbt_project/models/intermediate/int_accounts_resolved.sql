with records as (
    select record_key, record_id, source_rank, created_at, linked_record_key
    from {{ ref('int_account_records') }}
),

staged as (
    select record_key, source, instance from {{ ref('stg_files__accounts') }}
),

-- Systems that deliver accounts at all: there, an id that no file has is nobody's.
account_systems as (
    select distinct source, instance from staged
),

edges as (
    select r.record_key as node_a, r.linked_record_key as node_b
    from records as r
    left join records as o on r.linked_record_key = o.record_key
    left join account_systems as s
        on {{ key_instance('r.linked_record_key') }} = s.source || '/' || s.instance
    -- One that is there and not in the records was created after as_of.
    where
        r.linked_record_key is not null
        and (o.record_key is not null or s.source is null)
),

{{ connected_components('linked', 'edges') }}

select
    r.record_key,
    first_value(r.record_key) over (
        partition by coalesce(c.component, r.record_key)
        order by r.created_at asc nulls last, r.source_rank asc, r.record_id asc, r.record_key asc
    ) as account_key
from records as r
left join linked_components as c on r.record_key = c.node
