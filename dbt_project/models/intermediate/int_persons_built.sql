-- The last model of the engine: until it is built, the next run does again what this one did.
-- depends_on: {{ ref('int_passes') }}, {{ ref('fct_stage_transitions') }}
select
    d.person_key,
    d.digest,
    ctx.as_of,
    {{ engine_version() }} as engine_version
from {{ ref('int_person_digests') }} as d
cross join {{ source('ops', 'run_context') }} as ctx
