{#- Read from the raw columns: the base model casts all that a person has, 0.3 of 0.4 s here. -#}
with source as (
    select * from {{ source('raw_files', 'persons') }}
),

loads as (
    select load_id, kind from {{ source('ops', 'loads') }} where is_in_use and object = 'persons'
),

identified as (
    select
        {{ record_key('s._source', 's._instance', 'trim(s._record_id)') }} as record_key,
        s._source as source,
        s._instance as instance,
        s._exported_at as exported_at,
        s._load_id as load_id,
        s._line as line,
        l.kind as load_kind,
        nullif(trim(s.email), '') as email,
        nullif(trim(s.linked_id), '') as linked_id,
        nullif(trim(s.linked_source), '') as linked_source
    from source as s
    inner join loads as l on s._load_id = l.load_id
),

repeated as (
    select record_key from identified group by record_key having count(*) > 1
)

select i.*
from identified as i
inner join repeated as r on i.record_key = r.record_key
