with segment_sets as (
    select distinct
        {%- for entity, field in segment_fields() %}
        {{ entity }}_{{ field }},
        {%- endfor %}
        segment_set
    from {{ ref('int_journeys') }}
),

segment_uses as (
    select * from {{ ref('int_segment_uses') }}
)

select segment_set, 'all' as segment, 'all' as segment_value
from segment_sets
{%- for entity, field in segment_fields() %}
union all
select s.segment_set, u.{{ entity }}_{{ field }} as segment, s.{{ entity }}_{{ field }} as segment_value
from segment_sets as s
cross join segment_uses as u
where u.{{ entity }}_{{ field }} is not null
{%- endfor %}
