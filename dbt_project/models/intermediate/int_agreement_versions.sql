with versions as (
    select * from {{ source('agreement', 'versions') }}
),

context as (
    select * from {{ source('ops', 'run_context') }}
)

select
    v.version,
    v.effective_from,
    -- The first version applies to all earlier time, the last one to all later.
    case
        when row_number() over (order by v.version) > 1 then v.effective_from
        else date '0001-01-01'
    end as applies_from,
    coalesce(
        lead(v.effective_from) over (order by v.version), date '9999-12-31'
    ) as applies_until,
    v.version = ctx.agreement_version as is_in_force
from versions as v
cross join context as ctx
