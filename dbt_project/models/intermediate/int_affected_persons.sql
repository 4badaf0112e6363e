with changed_persons as (
    select * from {{ ref('int_changed_persons') }}
),

silences as (
    select * from {{ ref('int_silences') }}
),

context as (
    select * from {{ source('ops', 'run_context') }}
)

select person_key from changed_persons
{%- if is_engine_built() %}
union
-- An expiry fell due between the former as_of and this one.
select s.person_key
from silences as s
cross join context as ctx
inner join {{ this.incorporate(path={'identifier': 'int_persons_built'}) }} as b on s.person_key = b.person_key
where s.expires_at >= b.as_of and s.expires_at < ctx.as_of
{%- endif %}
