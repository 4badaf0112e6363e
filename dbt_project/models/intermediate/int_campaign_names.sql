{#- Told by id more often than by name; an id and a name may be equal, and then it is the id. -#}
with campaigns as (
    select * from {{ ref('int_campaigns') }}
),

told as (
    select source, instance, campaign
    from {{ ref('int_activities') }}
    where campaign is not null
    group by source, instance, campaign
    union
    select source, instance, campaign
    from {{ ref('stg_files__contents') }}
    where campaign is not null
    union
    select source, instance, parent_id
    from campaigns
    where parent_id is not null
),

matches as (
    select t.source, t.instance, t.campaign, c.campaign_key, c.is_deleted, 1 as match_rank
    from told as t
    inner join campaigns as c
        on t.source = c.source and t.instance = c.instance and t.campaign = c.campaign_id
    union all
    select t.source, t.instance, t.campaign, c.campaign_key, c.is_deleted, 2
    from told as t
    inner join campaigns as c
        on t.source = c.source and t.instance = c.instance and t.campaign = c.name
),

ranked as (
    select
        *,
        row_number() over (
            partition by source, instance, campaign
            order by match_rank, case when is_deleted then 1 else 0 end, campaign_key
        ) as match_number
    from matches
)

select source, instance, campaign, campaign_key
from ranked
where match_number = 1
