-- What the loads delivered, entity by entity, against the buckets the rows ended in.
with delivered as (
    select object as entity, sum(rows_delivered) as row_count
    from {{ source('ops', 'loads') }}
    where is_in_use and source = 'files'
    group by object
),

accounted as (
    select entity, sum(row_count) as row_count, min(row_count) as smallest_bucket
    from {{ ref('reconciliation') }}
    group by entity
)

select d.entity, d.row_count as delivered, a.row_count as accounted, a.smallest_bucket
from delivered as d
left join accounted as a on d.entity = a.entity
where a.entity is null or d.row_count <> a.row_count or a.smallest_bucket < 0
