with contents as (
    select
        c.*,
        {{ reference_key('c', 'owner_id') }} as owner_key
    from {{ ref('stg_files__contents') }} as c
),

tags as (
    select * from {{ ref('int_content_tags') }}
),

names as (
    select * from {{ ref('int_content_names') }}
),

campaign_names as (
    select * from {{ ref('int_campaign_names') }}
),

owners as (
    select * from {{ ref('int_owners') }}
),

context as (
    select * from {{ source('ops', 'run_context') }}
),

settings as (
    select * from {{ ref('int_agreed_settings') }}
),

listed_tags as (
    {%- for kind in ['persona', 'buying_stage'] %}
    select
        content_key,
        '{{ kind }}' as tag_kind,
        {{ dbt.listagg('tag', "';'", 'order by tag') }} as tag_list
    from tags
    where tag_kind = '{{ kind }}'
    group by content_key
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
),

dated as (
    select
        c.*,
        ctx.as_of_date,
        w.is_active as is_owner_active,
        w.team as team_of_owner,
        -- What has not changed yet by as_of, or retires later, is as it was.
        case
            when
                c.updated_at is not null
                and {{ happened_by('c.updated_at', 'c.updated_at_precision') }}
                then {{ reporting_date(
                    'c.updated_at', 'c.updated_at_precision', 'ctx.reporting_time_zone'
                ) }}
        end as updated_date,
        {{ reporting_date(
            'c.created_at', 'c.created_at_precision', 'ctx.reporting_time_zone'
        ) }} as created_date,
        case
            when c.retired_at is not null
                then {{ happened_by('c.retired_at', 'c.retired_at_precision') }}
            else coalesce(c.is_retired, false)
        end as is_said_retired,
        case
            when
                c.last_used_at is not null
                and {{ happened_by('c.last_used_at', 'c.last_used_at_precision') }}
                then c.last_used_at
        end as told_used_at,
        {{ reporting_date(
            'c.last_used_at', 'c.last_used_at_precision', 'ctx.reporting_time_zone'
        ) }} as told_used_date
    from contents as c
    cross join context as ctx
    left join owners as w on c.owner_key = w.owner_key
    where c.created_at is null or {{ happened_by('c.created_at', 'c.created_at_precision') }}
),

changed as (
    select
        *,
        case when updated_date > created_date or created_date is null then updated_date else created_date end
            as changed_date
    from dated
),

aged as (
    select *, {{ days_between('changed_date', 'as_of_date') }} as days_unchanged from changed
),

lost as (
    select
        content_key,
        min(source) as source,
        min(instance) as instance,
        min(content) as content
    from names
    where is_lost
    group by content_key
)

select
    c.record_key as content_key,
    c.source,
    c.instance,
    c.record_id as content_id,
    c.name,
    c.content_type,
    c.message_type,
    p.tag_list as personas,
    b.tag_list as buying_stages,
    c.profile,
    n.campaign_key,
    coalesce(n.campaign_key, c.campaign) as campaign,
    c.owner_key,
    coalesce(c.owner_team, case when c.is_owner_active then c.team_of_owner end) as owner_team,
    c.location,
    c.created_at,
    c.created_date,
    c.updated_at,
    c.changed_date,
    c.told_used_at,
    case when c.told_used_at is not null then c.told_used_date end as told_used_date,
    c.is_record_deleted as is_deleted,
    coalesce(c.days_unchanged >= s.content_stale_after_days, false) as is_stale,
    c.is_said_retired or c.is_record_deleted as is_retired,
    -- Nobody is named, or only somebody who has left.
    c.owner_team is null and (c.owner_id is null or coalesce(not c.is_owner_active, false))
        as is_orphaned,
    false as is_lost
from aged as c
cross join settings as s
left join listed_tags as p on c.record_key = p.content_key and p.tag_kind = 'persona'
left join listed_tags as b on c.record_key = b.content_key and b.tag_kind = 'buying_stage'
left join campaign_names as n
    on c.source = n.source and c.instance = n.instance and c.campaign = n.campaign
union all
select
    content_key,
    source,
    instance,
    cast(null as varchar) as content_id,
    content as name,
    cast(null as varchar) as content_type,
    cast(null as varchar) as message_type,
    cast(null as varchar) as personas,
    cast(null as varchar) as buying_stages,
    cast(null as varchar) as profile,
    cast(null as varchar) as campaign_key,
    cast(null as varchar) as campaign,
    cast(null as varchar) as owner_key,
    cast(null as varchar) as owner_team,
    cast(null as varchar) as location,
    cast(null as timestamp) as created_at,
    cast(null as date) as created_date,
    cast(null as timestamp) as updated_at,
    cast(null as date) as changed_date,
    cast(null as timestamp) as told_used_at,
    cast(null as date) as told_used_date,
    false as is_deleted,
    false as is_stale,
    false as is_retired,
    false as is_orphaned,
    true as is_lost
from lost
