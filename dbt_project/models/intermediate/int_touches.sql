{{ config(materialized='view') }}

with activities as (
    select * from {{ ref('int_activities') }} where person_key is not null
),

versions as (
    select * from {{ ref('int_agreement_versions') }} where is_in_force
),

activity_types as (
    select t.*
    from {{ source('agreement', 'activity_types') }} as t
    inner join versions as v on t.version = v.version
),

qualifying as (
    select q.activity_type
    from {{ source('agreement', 'qualifying_touches') }} as q
    inner join versions as v on q.version = v.version
),

qualifying_counts as (
    select count(*) as types from qualifying
),

context as (
    select * from {{ source('ops', 'run_context') }}
),

directed as (
    select
        a.* {{ exclude_columns(['direction']) }},
        coalesce(a.direction, t.direction) as direction,
        coalesce(t.is_attempt, false) as is_attempt,
        coalesce(t.must_be_completed, false) as must_be_completed
    from activities as a
    left join activity_types as t on a.activity_type = t.activity_type
)

select
    d.*,
    {{ moment('d.occurred_at', 'd.occurred_at_precision', 'ctx.reporting_time_zone') }}
        as touched_moment,
    {{ reporting_date('d.occurred_at', 'd.occurred_at_precision', 'ctx.reporting_time_zone') }}
        as touched_date,
    -- Named by the agreement; where it names none, whatever people do themselves.
    not d.is_automated
    and (
        q.activity_type is not null
        or (c.types = 0 and coalesce(d.direction = 'inbound', false))
    ) as is_qualifying
from directed as d
cross join context as ctx
cross join qualifying_counts as c
left join qualifying as q on d.activity_type = q.activity_type
