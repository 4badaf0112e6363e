with campaigns as (
    select * from {{ ref('int_campaigns') }}
),

names as (
    select * from {{ ref('int_campaign_names') }}
),

contents as (
    select campaign_key, count(*) as contents
    from {{ ref('int_contents') }}
    where campaign_key is not null and not is_deleted
    group by campaign_key
),

touches as (
    select
        campaign_key,
        count(*) as touches,
        count(distinct case when not is_automated then person_key end) as people_touched
    from {{ ref('fct_touches') }}
    where campaign_key is not null
    group by campaign_key
)

select
    c.campaign_key,
    c.source,
    c.instance,
    c.campaign_id,
    c.name,
    c.campaign_type,
    c.status,
    p.campaign_key as parent_key,
    c.owner_key,
    c.cost,
    c.currency,
    c.starts_date,
    c.ends_date,
    c.created_at,
    c.updated_at,
    cast(coalesce(n.contents, 0) as bigint) as contents,
    cast(coalesce(t.touches, 0) as bigint) as touches,
    cast(coalesce(t.people_touched, 0) as bigint) as people_touched,
    c.is_deleted
from campaigns as c
left join names as p
    on c.source = p.source and c.instance = p.instance and c.parent_id = p.campaign
left join contents as n on c.campaign_key = n.campaign_key
left join touches as t on c.campaign_key = t.campaign_key
