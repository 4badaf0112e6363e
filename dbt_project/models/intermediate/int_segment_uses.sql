with segments as (
    select s.*
    from {{ source('agreement', 'segments') }} as s
    inner join {{ ref('int_agreement_versions') }} as v on s.version = v.version and v.is_in_force
)

select
    {%- for entity, field in segment_fields() %}
    max(case when entity = '{{ entity }}' and field = '{{ field }}' then segment end)
        as {{ entity }}_{{ field }},
    {%- endfor %}
    count(*) as segment_count
from segments
