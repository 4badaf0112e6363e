with opportunities as (
    select * from {{ ref('int_opportunities') }}
),

roles as (
    select * from {{ ref('int_opportunity_persons') }}
),

persons as (
    select * from {{ ref('int_persons_resolved') }}
),

activities as (
    select * from {{ ref('int_touches') }} where not is_automated
),

owners as (
    select * from {{ ref('int_owners') }}
),

versions as (
    select * from {{ ref('int_agreement_versions') }} where is_in_force
),

excluded_users as (
    select e.user_id
    from {{ source('agreement', 'excluded_users') }} as e
    inner join versions as v on e.version = v.version
),

lead_source_teams as (
    select t.lead_source, t.team
    from {{ source('agreement', 'lead_source_teams') }} as t
    inner join versions as v on t.version = v.version
),

settings as (
    select * from {{ ref('int_agreed_settings') }}
),

judged as (
    select
        a.activity_key,
        a.person_key,
        a.occurred_at_precision,
        a.touched_moment as touched_at,
        a.touched_date,
        a.is_qualifying as is_marketing,
        a.is_attempt
        and coalesce(a.direction = 'outbound', false)
        and (not a.must_be_completed or coalesce(a.is_completed, false))
        and e.user_id is null as is_sales
    from activities as a
    left join excluded_users as e on a.owner_id = e.user_id
),

touches as (
    select *, case when is_marketing then 'marketing' else 'sales' end as team
    from judged
    where is_marketing or is_sales
),

attached as (
    select opportunity_key, person_key, true as is_primary from opportunities
    union
    select r.opportunity_key, p.person_key, false
    from roles as r
    inner join persons as p on r.person_record_key = p.record_key
),

-- One row per opportunity, person and touch before the milestone, which is the creation.
earlier as (
    select
        o.opportunity_key,
        a.is_primary,
        t.activity_key,
        t.team,
        t.touched_at,
        o.created_date is not null
        and t.is_marketing
        and t.touched_date >= {{ dbt.dateadd('day', '-s.influence_window_days', 'o.created_date') }}
            as is_influence
    from attached as a
    inner join opportunities as o on a.opportunity_key = o.opportunity_key
    inner join touches as t on a.person_key = t.person_key
    cross join settings as s
    where
        o.created_date is null
        or t.touched_date < o.created_date
        or (
            t.touched_date = o.created_date
            and (
                t.touched_at < o.created_moment
                or t.occurred_at_precision = 'day'
                or o.created_at_precision = 'day'
            )
        )
),

first_touches as (
    select
        opportunity_key,
        team,
        touched_at,
        row_number() over (
            partition by opportunity_key order by touched_at, activity_key
        ) as touch_number
    from earlier
    where is_primary
),

influences as (
    select opportunity_key, count(distinct activity_key) as influencing_touches
    from earlier
    where is_influence
    group by opportunity_key
)

select
    o.opportunity_key,
    f.touched_at as first_touch_at,
    case
        when s.sourced_rule = 'lead_source' and o.lead_source is not null
            then coalesce(l.team, 'sales')
        when s.sourced_rule = 'first_touch' and f.team is not null then f.team
        -- Whoever opened it: the first owner.
        when lower(w.team) like '%marketing%' then 'marketing'
        else 'sales'
    end as sourced_by,
    coalesce(i.influencing_touches, 0) as influencing_touches,
    i.opportunity_key is not null as is_influenced
from opportunities as o
cross join settings as s
left join first_touches as f on o.opportunity_key = f.opportunity_key and f.touch_number = 1
left join influences as i on o.opportunity_key = i.opportunity_key
left join lead_source_teams as l on o.lead_source = l.lead_source
left join owners as w on o.owner_key_created = w.owner_key
