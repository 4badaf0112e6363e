with segment_sets as (
    select distinct
        {%- for entity, field in segment_fields() %}
        {{ entity }}_{{ field }},
        {%- endfor %}
        segment_set
    from {{ ref('int_journey_segments') }}
),

segment_uses as (
    select * from {{ ref('int_segment_uses') }}
),

segment_values as (
    select segment_set, 'all' as segment, 'all' as segment_value
    from segment_sets
    {%- for entity, field in segment_fields() %}
    union all
    select s.segment_set, u.{{ entity }}_{{ field }} as segment, s.{{ entity }}_{{ field }} as segment_value
    from segment_sets as s
    cross join segment_uses as u
    where u.{{ entity }}_{{ field }} is not null
    {%- endfor %}
)

-- Reports group by the numbers: they are shorter than the texts.
select
    segment_set,
    cast(dense_rank() over (order by segment_set) as integer) as segment_set_number,
    segment,
    segment_value,
    cast(dense_rank() over (order by segment, segment_value) as integer) as segment_number
from segment_values
