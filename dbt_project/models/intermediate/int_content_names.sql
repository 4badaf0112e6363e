{#- Few thousand names stand for millions of touches: what a name means is found out once. -#}
with told as (
    select source, instance, content, content_source, count(*) as touches
    from {{ ref('int_activities') }}
    where content is not null
    group by source, instance, content, content_source
),

inventory as (
    select
        c.record_key as content_key,
        c.source,
        c.instance,
        c.record_id,
        c.name,
        c.location,
        c.is_record_deleted
        or case
            when c.retired_at is not null
                then {{ happened_by('c.retired_at', 'c.retired_at_precision') }}
            else coalesce(c.is_retired, false)
        end as is_gone
    from {{ ref('stg_files__contents') }} as c
    cross join {{ source('ops', 'run_context') }} as ctx
    where c.created_at is null or {{ happened_by('c.created_at', 'c.created_at_precision') }}
),

inventories as (
    select distinct source, instance from inventory
),

linked_instances as (
    select * from {{ ref('int_linked_instances') }}
),

-- Where an asset may lie: in the system that tells of the touch, else in the one that it names.
places as (
    select
        source, instance, content, content_source, source as place_source, instance as place_instance,
        1 as place_rank
    from told
    union all
    select t.source, t.instance, t.content, t.content_source, l.linked_source, l.linked_instance, 2
    from told as t
    inner join linked_instances as l
        on t.source = l.source and t.instance = l.instance and t.content_source = l.linked_source
),

searched as (
    select p.*
    from places as p
    inner join inventories as i on p.place_source = i.source and p.place_instance = i.instance
),

matches as (
    {%- for column in ['record_id', 'name', 'location'] %}
    select
        s.source, s.instance, s.content, s.content_source, s.place_rank, {{ loop.index }} as match_rank,
        i.content_key, i.is_gone
    from searched as s
    inner join inventory as i
        on
            s.place_source = i.source
            and s.place_instance = i.instance
            and s.content = i.{{ column }}
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
),

ranked as (
    select
        *,
        row_number() over (
            partition by source, instance, content, content_source
            order by place_rank, match_rank, case when is_gone then 1 else 0 end, content_key
        ) as match_number,
        sum(case when is_gone then 0 else 1 end) over (
            partition by source, instance, content, content_source, place_rank, match_rank
        ) as living_matches
    from matches
),

found as (
    select * from ranked where match_number = 1
),

-- Who keeps no inventory has lost nothing.
kept as (
    select distinct source, instance, content, content_source from searched
)

select
    t.source,
    t.instance,
    t.content,
    t.content_source,
    t.touches,
    coalesce(
        f.content_key,
        case
            when k.content is not null
                then {{ record_key('t.source', 't.instance', "'/' || t.content") }}
        end
    ) as content_key,
    f.content_key is null and k.content is not null as is_lost,
    coalesce(f.living_matches > 1, false) as is_ambiguous
from told as t
left join found as f
    on
        t.source = f.source
        and t.instance = f.instance
        and t.content = f.content
        and coalesce(t.content_source, '') = coalesce(f.content_source, '')
left join kept as k
    on
        t.source = k.source
        and t.instance = k.instance
        and t.content = k.content
        and coalesce(t.content_source, '') = coalesce(k.content_source, '')
