{%- set kinds = ['persona', 'buying_stage'] -%}
with contents as (
    select * from {{ ref('stg_files__contents') }}
),

value_maps as (
    select * from {{ source('raw_mapping', 'value_maps') }} where entity = 'contents'
),

separators as (
    select * from {{ source('raw_mapping', 'separators') }} where entity = 'contents'
),

cells as (
    {%- for kind in kinds %}
    select
        c.record_key,
        c.source,
        c.instance,
        c.export,
        '{{ kind }}' as tag_kind,
        c.{{ kind }} as cell,
        s.separator
    from contents as c
    inner join separators as s
        on
            c.source = s.source
            and c.instance = s.instance
            and c.export = s.export
            and s.field = '{{ kind }}'
    where c.{{ kind }} is not null
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
),

items as (
    {{ separated_items(
        'cells', ['record_key', 'source', 'instance', 'export', 'tag_kind'], 'cell', 'separator'
    ) | indent(4) }}
),

tags as (
    select distinct * from items where item <> ''
)

select
    t.record_key,
    t.source,
    t.instance,
    t.export,
    t.tag_kind,
    t.item as delivered_tag,
    -- `*` is any other value; null there keeps what was delivered.
    coalesce(known.canonical_value, other.canonical_value, t.item) as tag
from tags as t
left join value_maps as known
    on
        t.source = known.source
        and t.instance = known.instance
        and t.export = known.export
        and t.tag_kind = known.field
        and t.item = known.delivered_value
left join value_maps as other
    on
        t.source = other.source
        and t.instance = other.instance
        and t.export = other.export
        and t.tag_kind = other.field
        and other.delivered_value = '*'
