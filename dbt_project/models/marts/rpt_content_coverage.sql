with contents as (
    select * from {{ ref('dim_content') }} where not is_lost and not is_deleted
),

tags as (
    select * from {{ ref('int_content_tags') }} where is_agreed
),

versions as (
    select * from {{ ref('int_agreement_versions') }} where is_in_force
),

personas as (
    select p.persona, p.label
    from {{ source('agreement', 'personas') }} as p
    inner join versions as v on p.version = v.version
),

buying_stages as (
    select b.buying_stage, b.label, b.position
    from {{ source('agreement', 'buying_stages') }} as b
    inner join versions as v on b.version = v.version
),

campaigns as (
    select campaign_key, name from {{ ref('dim_campaigns') }}
),

cells as (
    select p.persona, p.label as persona_label, b.buying_stage, b.label as buying_stage_label, b.position
    from personas as p
    cross join buying_stages as b
),

named as (
    select 'all' as campaign, cast(null as varchar) as campaign_name
    union all
    select distinct n.campaign, coalesce(c.name, n.campaign)
    from contents as n
    left join campaigns as c on n.campaign_key = c.campaign_key
    where n.campaign is not null
),

-- Each asset once in its own campaign and once in all; a cell for each persona and stage it names.
placed as (
    {%- for campaign in ["'all'", 'c.campaign'] %}
    select
        {{ campaign }} as campaign,
        c.content_key,
        p.tag as persona,
        b.tag as buying_stage,
        c.message_type,
        c.is_current,
        c.is_stale and not c.is_retired as is_stale,
        c.is_retired
    from contents as c
    inner join tags as p on c.content_key = p.content_key and p.tag_kind = 'persona'
    inner join tags as b on c.content_key = b.content_key and b.tag_kind = 'buying_stage'
    {%- if not loop.last %}
    union all
    {%- else %}
    where c.campaign is not null
    {%- endif %}
    {%- endfor %}
),

counted as (
    select
        campaign,
        persona,
        buying_stage,
        sum(case when is_current then 1 else 0 end) as assets,
        sum(case when is_current and message_type = 'helpful' then 1 else 0 end) as helpful,
        sum(case when is_current and message_type = 'selling' then 1 else 0 end) as selling,
        sum(case when is_stale then 1 else 0 end) as stale,
        sum(case when is_retired then 1 else 0 end) as retired
    from placed
    group by campaign, persona, buying_stage
),

filled as (
    select
        n.campaign,
        n.campaign_name,
        e.*,
        coalesce(c.assets, 0) as assets,
        coalesce(c.helpful, 0) as helpful,
        coalesce(c.selling, 0) as selling,
        coalesce(c.stale, 0) as stale,
        coalesce(c.retired, 0) as retired
    from named as n
    cross join cells as e
    left join counted as c
        on
            n.campaign = c.campaign
            and e.persona = c.persona
            and e.buying_stage = c.buying_stage
),

shares as (
    select campaign, count(*) as cells, sum(case when assets > 0 then 1 else 0 end) as covered_cells
    from filled
    group by campaign
),

-- An asset that serves four cells is one.
serving as (
    select campaign, count(distinct content_key) as campaign_assets
    from placed
    where is_current
    group by campaign
)

select
    f.campaign,
    f.campaign_name,
    f.persona,
    f.persona_label,
    f.buying_stage,
    f.buying_stage_label,
    f.position as buying_stage_position,
    cast(f.assets as bigint) as assets,
    cast(f.helpful as bigint) as helpful,
    cast(f.selling as bigint) as selling,
    cast(f.stale as bigint) as stale,
    cast(f.retired as bigint) as retired,
    f.assets > 0 as is_covered,
    cast(coalesce(g.campaign_assets, 0) as bigint) as campaign_assets,
    cast(s.covered_cells as bigint) as covered_cells,
    cast(s.cells as bigint) as cells,
    cast(s.covered_cells as double) / s.cells as coverage
from filled as f
inner join shares as s on f.campaign = s.campaign
left join serving as g on f.campaign = g.campaign
