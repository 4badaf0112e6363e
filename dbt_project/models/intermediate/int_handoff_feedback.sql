{%- set fields = feedback_fields() -%}

with answered as (
    select
        h.handoff_key,
        h.person_key,
        h.moment,
        h.next_moment,
        a.decided_moment,
        row_number() over (
            partition by h.person_key order by h.pass_number desc, h.handoff_number desc
        ) as number_from_last
    from {{ ref('int_handoffs') }} as h
    inner join {{ ref('int_handoff_answers') }} as a on h.handoff_key = a.handoff_key
),

records as (
    select p.person_key, r.*
    from {{ ref('int_person_records') }} as r
    inner join {{ ref('int_persons_resolved') }} as p on r.record_key = p.record_key
),

context as (
    select * from {{ source('ops', 'run_context') }}
),

changes as (
    select
        c.record_key,
        c.source,
        c.field,
        c.new_value,
        c.chain_position,
        c.change_key,
        {{ moment('c.changed_at', 'c.changed_at_precision', 'ctx.reporting_time_zone') }} as moment
    from {{ ref('int_field_changes') }} as c
    cross join context as ctx
    where
        c.record_entity = 'persons'
        and c.has_happened
        and c.field in ('{{ fields | join("', '") }}')
),

tracked as (
    select distinct source, field from changes
),

-- Systems that have the field at all, and tell no changes of it.
untracked as (
    {%- for field in fields %}
    select distinct r.source, '{{ field }}' as field
    from records as r
    left join tracked as t on r.source = t.source and t.field = '{{ field }}'
    where r.{{ field }} is not null and t.field is null
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
),

-- As of the answer; where nothing was said by then, what was said first afterwards.
told as (
    select
        a.handoff_key,
        c.field,
        c.new_value as value,
        greatest(c.moment, a.decided_moment) as moment,
        row_number() over (
            partition by a.handoff_key, c.field
            order by
                case when c.moment <= a.decided_moment then 0 else 1 end asc,
                case when c.moment <= a.decided_moment then c.moment end desc,
                case when c.moment > a.decided_moment then c.moment end asc,
                c.chain_position asc, c.change_key asc
        ) as preference
    from answered as a
    inner join records as r on a.person_key = r.person_key
    inner join changes as c on r.record_key = c.record_key
    where c.new_value is not null and c.moment > a.moment and c.moment < a.next_moment
),

-- What a record shows there today is about the last answer; what was said about the ones before it
-- nobody knows.
shown as (
    {%- for field in fields %}
    select
        a.handoff_key,
        '{{ field }}' as field,
        {{ first_value_by('r.' ~ field, 'r.source_rank') }} as value,
        a.number_from_last > 1 as is_unknown
    from answered as a
    inner join records as r on a.person_key = r.person_key
    inner join untracked as u on r.source = u.source and u.field = '{{ field }}'
    group by a.handoff_key, a.number_from_last
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
),

{% for field in fields %}
{{ field }}s as (
    select
        a.handoff_key,
        coalesce(t.value, case when a.number_from_last = 1 then s.value end) as value,
        coalesce(
            t.moment, case when s.value is not null and a.number_from_last = 1 then a.decided_moment end
        ) as moment,
        t.value is null and coalesce(s.is_unknown, false) as is_unknown
    from answered as a
    left join told as t
        on a.handoff_key = t.handoff_key and t.field = '{{ field }}' and t.preference = 1
    left join shown as s on a.handoff_key = s.handoff_key and s.field = '{{ field }}'
){{ ',' if not loop.last }}
{% endfor %}
select
    r.handoff_key,
    r.value as reason,
    r.moment as reason_at,
    r.is_unknown as is_reason_unknown,
    q.value as quality_rating,
    q.moment as rated_at
from reasons as r
inner join quality_ratings as q on r.handoff_key = q.handoff_key
