with fields as (
    select * from {{ ref('int_handoff_fields') }}
)

select
    handoff_key,
    cast(count(*) as integer) as required_fields,
    cast(sum(case when state = 'present' then 1 else 0 end) as integer) as present_fields,
    cast(sum(case when state = 'unknown' then 1 else 0 end) as integer) as unknown_fields,
    cast(sum(case when state_now = 'present' then 1 else 0 end) as integer) as present_fields_now,
    -- One that is missing fails, whatever else nobody knows.
    case
        when max(case when state not in ('present', 'unknown') then 1 else 0 end) = 1 then false
        when max(case when state = 'unknown' then 1 else 0 end) = 1 then null
        else true
    end as is_complete,
    {{ dbt.listagg(
        "case when state not in ('present', 'unknown') then field end", "', '", 'order by field'
    ) }} as missing_fields
from fields
group by handoff_key
