with exports as (
    select distinct source, instance from {{ source('raw_mapping', 'exports') }}
),

sources as (
    select source, count(*) as instances, min(instance) as only_instance
    from exports
    group by source
)

select
    e.source,
    e.instance,
    s.source as linked_source,
    case
        when same.instance is not null then same.instance
        when s.instances = 1 then s.only_instance
        else 'main'
    end as linked_instance
from exports as e
inner join sources as s on e.source <> s.source
left join exports as same on s.source = same.source and e.instance = same.instance
