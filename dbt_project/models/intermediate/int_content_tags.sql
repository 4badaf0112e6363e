with tags as (
    select distinct record_key, tag_kind, tag from {{ ref('stg_files__content_tags') }}
),

versions as (
    select * from {{ ref('int_agreement_versions') }} where is_in_force
),

agreed as (
    select 'persona' as tag_kind, p.persona as tag
    from {{ source('agreement', 'personas') }} as p
    inner join versions as v on p.version = v.version
    union all
    select 'buying_stage', b.buying_stage
    from {{ source('agreement', 'buying_stages') }} as b
    inner join versions as v on b.version = v.version
)

select
    t.record_key as content_key,
    t.tag_kind,
    t.tag,
    a.tag is not null as is_agreed
from tags as t
left join agreed as a on t.tag_kind = a.tag_kind and t.tag = a.tag
