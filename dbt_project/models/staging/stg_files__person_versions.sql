{#-
    Read from the raw columns: the base model casts all that a person has, 0.3 of 0.4 s here. Values that
    a mapping translates are as delivered: of a hand-off's fields it matters whether they are there.
-#}
with source as (
    select * from {{ source('raw_files', 'persons') }}
),

loads as (
    select
        load_id,
        kind,
        time_zone,
        coalesce(formats['updated_at'], formats['*']) as updated_at_format
    from {{ source('ops', 'loads') }}
    where is_in_use and object = 'persons'
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
        {%- for field in handoff_fields() %}
        nullif(trim(s.{{ field }}), '') as {{ field }},
        {%- endfor %}
        nullif(trim(s.updated_at), '') as delivered_updated_at,
        l.updated_at_format,
        l.time_zone,
        nullif(trim(s.linked_id), '') as linked_id,
        nullif(trim(s.linked_source), '') as linked_source
    from source as s
    inner join loads as l on s._load_id = l.load_id
),

repeated as (
    select record_key from identified group by record_key having count(*) > 1
)

select
    i.* {{ exclude_columns(['delivered_updated_at', 'updated_at_format', 'time_zone']) }},
    {{ parsed_timestamp('i.delivered_updated_at', 'i.updated_at_format', 'i.time_zone') }} as updated_at,
    case
        when {{ is_date_only('i.delivered_updated_at', 'i.updated_at_format') }} then 'day' else 'second'
    end as updated_at_precision
from identified as i
inner join repeated as r on i.record_key = r.record_key
