with digests as (
    select * from {{ ref('int_person_digests') }}
)
{%- if is_engine_built() %},

context as (
    select * from {{ source('ops', 'run_context') }}
),

built as (
    select * from {{ this.incorporate(path={'identifier': 'int_persons_built'}) }}
)

select coalesce(d.person_key, b.person_key) as person_key
from digests as d
cross join context as ctx
full outer join built as b on d.person_key = b.person_key
where d.digest is distinct from b.digest or b.engine_version is distinct from {{ engine_version() }}
{%- else %}

select person_key from digests
{%- endif %}
