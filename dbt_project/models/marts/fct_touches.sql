with touches as (
    select * from {{ ref('int_touches') }}
),

content_names as (
    select * from {{ ref('int_content_names') }} where content_key is not null
),

campaign_names as (
    select * from {{ ref('int_campaign_names') }}
),

persons as (
    select person_key, account_key from {{ ref('int_persons') }}
),

passes as (
    select * from {{ ref('int_passes') }}
),

entries as (
    select * from {{ ref('int_stage_entries') }} where journey_type = 'pass'
),

context as (
    select * from {{ source('ops', 'run_context') }}
),

started as (
    select p.pass_key, max(e.precision) as precision
    from passes as p
    inner join entries as e on p.pass_key = e.journey_key and p.started_at = e.entered_at
    group by p.pass_key
),

pass_spans as (
    select
        p.person_key,
        p.pass_number,
        {{ moment('p.started_at', 's.precision', 'ctx.reporting_time_zone') }} as started_moment,
        case
            when p.ended_at is null then {{ until_ever() }}
            -- Known by its day only, a pass ends with that day.
            when p.ended_precision = 'day'
                then {{ dbt.dateadd(
                    'day', 1, moment('p.ended_at', 'p.ended_precision', 'ctx.reporting_time_zone')
                ) }}
            else p.ended_at
        end as ended_moment
    from passes as p
    cross join context as ctx
    inner join started as s on p.pass_key = s.pass_key
),

persons_again as (
    select person_key from pass_spans group by person_key having count(*) > 1
),

moments as (
    select s.person_key, s.started_moment as moment
    from pass_spans as s
    inner join persons_again as a on s.person_key = a.person_key
    union
    select s.person_key, s.ended_moment
    from pass_spans as s
    inner join persons_again as a on s.person_key = a.person_key
),

pieces as (
    select
        person_key,
        moment,
        lead(moment) over (partition by person_key order by moment) as next_moment
    from moments
),

-- Without overlaps, so that no touch is found twice: where two passes are open at once, the time is
-- the younger one's.
times as (
    select s.person_key, s.pass_number, s.started_moment as time_from, s.ended_moment as time_until
    from pass_spans as s
    left join persons_again as a on s.person_key = a.person_key
    where a.person_key is null
    union all
    select p.person_key, max(s.pass_number), p.moment, p.next_moment
    from pieces as p
    inner join pass_spans as s
        on
            p.person_key = s.person_key
            and p.moment >= s.started_moment
            and p.next_moment <= s.ended_moment
    group by p.person_key, p.moment, p.next_moment
)

select
    t.activity_key,
    t.source,
    t.person_key,
    cast(p.pass_number as integer) as pass_number,
    n.account_key,
    case when t.is_attempt then 'sales' else 'marketing' end as team,
    t.activity_type,
    t.direction,
    t.is_automated,
    t.is_qualifying,
    c.content_key,
    g.campaign_key,
    t.owner_key,
    t.occurred_at,
    t.occurred_at_precision,
    t.touched_date
from touches as t
inner join persons as n on t.person_key = n.person_key
left join times as p
    on
        t.person_key = p.person_key
        and t.touched_moment >= p.time_from
        and t.touched_moment < p.time_until
left join content_names as c
    on
        t.source = c.source
        and t.instance = c.instance
        and t.content = c.content
        and coalesce(t.content_source, '') = coalesce(c.content_source, '')
left join campaign_names as g
    on t.source = g.source and t.instance = g.instance and t.campaign = g.campaign
