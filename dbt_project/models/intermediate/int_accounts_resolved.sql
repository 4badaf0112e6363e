with records as (
    select * from {{ ref('int_account_records') }}
),

edges as (
    select r.record_key as node_a, o.record_key as node_b
    from records as r
    inner join records as o on r.linked_record_key = o.record_key
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
