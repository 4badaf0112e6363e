{#- Before a stage was entered, and what came after it: touches that follow the entry would be seen
    more often in passes that stayed long, whatever they did. -#}
with touches as (
    select distinct
        t.content_key,
        t.person_key,
        t.touched_date,
        t.occurred_at_precision,
        {{ moment('t.occurred_at', 't.occurred_at_precision', 'ctx.reporting_time_zone') }}
            as touched_moment
    from {{ ref('fct_touches') }} as t
    cross join {{ source('ops', 'run_context') }} as ctx
    where t.content_key is not null and not t.is_automated
),

entries as (
    select
        e.journey_key as pass_key,
        e.stage,
        e.stage_rank,
        e.entered_date,
        e.precision,
        e.segment_set_number,
        {{ moment('e.entered_at', 'e.precision', 'ctx.reporting_time_zone') }} as entered_moment
    from {{ ref('int_funnel_entries') }} as e
    cross join {{ source('ops', 'run_context') }} as ctx
    where e.policy = 'any' and e.unit = 'pass' and e.entered_date is not null
),

passes as (
    select * from {{ ref('int_passes') }}
),

agreed_stages as (
    select * from {{ ref('int_agreed_stages') }}
),

settings as (
    select * from {{ ref('int_agreed_settings') }}
),

contents as (
    select content_key from {{ ref('dim_content') }}
),

-- Alike in where they came from and in their industry, as of the entry, as far as these are agreed
-- segments.
segment_sets as (
    select distinct
        v.segment_set_number,
        j.person_lead_source as lead_source,
        j.account_industry as industry
    from {{ ref('int_segment_values') }} as v
    inner join {{ ref('int_journey_segments') }} as j on v.segment_set = j.segment_set
    where v.segment = 'all'
),

strata as (
    select
        segment_set_number,
        dense_rank() over (order by lead_source nulls last, industry nulls last) as stratum
    from segment_sets
),

judged as (
    select
        e.pass_key,
        p.person_key,
        e.stage,
        e.entered_date,
        e.entered_moment,
        e.precision,
        s.stratum,
        case when f.stage_rank > e.stage_rank then 1 else 0 end as went_on
    from entries as e
    inner join passes as p on e.pass_key = p.pass_key
    inner join agreed_stages as f on p.furthest_stage = f.stage
    inner join strata as s on e.segment_set_number = s.segment_set_number
),

-- Once per asset, pass and stage, however often it was touched.
touched as (
    select distinct t.content_key, j.pass_key, j.stage, j.stratum, j.went_on
    from touches as t
    inner join judged as j on t.person_key = j.person_key
    cross join settings as s
    where
        t.touched_date >= {{ dbt.dateadd('day', '-s.influence_window_days', 'j.entered_date') }}
        and (
            t.touched_date < j.entered_date
            or (
                t.touched_date = j.entered_date
                and (
                    t.touched_moment <= j.entered_moment
                    or t.occurred_at_precision = 'day'
                    or j.precision = 'day'
                )
            )
        )
),

touched_by_stratum as (
    select content_key, stage, stratum, count(*) as passes, sum(went_on) as went_on
    from touched
    group by content_key, stage, stratum
),

all_by_stratum as (
    select stage, stratum, count(*) as passes, sum(went_on) as went_on
    from judged
    group by stage, stratum
),

all_by_stage as (
    select stage, sum(passes) as passes, sum(went_on) as went_on
    from all_by_stratum
    group by stage
),

touched_by_stage as (
    select content_key, stage, sum(passes) as passes, sum(went_on) as went_on
    from touched_by_stratum
    group by content_key, stage
),

-- Where somebody of the same stratum was not touched; the others are like nobody.
compared as (
    select
        t.content_key,
        t.stage,
        sum(t.passes) as passes,
        sum(t.went_on) as went_on,
        sum(a.passes - t.passes) as others,
        -- Summed exactly: doubles add up differently in another order, and equal runs must be equal.
        cast(sum(cast(
            t.passes * (cast(a.went_on - t.went_on as double) / (a.passes - t.passes))
            as decimal(28, 12)
        )) as double) as expected
    from touched_by_stratum as t
    inner join all_by_stratum as a on t.stage = a.stage and t.stratum = a.stratum
    where a.passes > t.passes
    group by t.content_key, t.stage
),

stages as (
    select
        stage,
        stage_rank,
        lead(stage) over (order by stage_rank) as next_stage
    from agreed_stages
)

select
    c.content_key,
    a.stage,
    a.stage_rank,
    a.next_stage,
    cast(coalesce(t.passes, 0) as bigint) as touched_passes,
    cast(coalesce(s.passes, 0) - coalesce(t.passes, 0) as bigint) as untouched_passes,
    case when a.next_stage is not null then cast(coalesce(t.went_on, 0) as bigint) end
        as touched_converted,
    case
        when a.next_stage is not null
            then cast(coalesce(s.went_on, 0) - coalesce(t.went_on, 0) as bigint)
    end as untouched_converted,
    case when a.next_stage is not null then cast(t.went_on as double) / t.passes end
        as touched_conversion,
    case when a.next_stage is not null then {{ wilson_bound('t.went_on', 't.passes', 'lower') }} end
        as touched_conversion_lower,
    case when a.next_stage is not null then {{ wilson_bound('t.went_on', 't.passes', 'upper') }} end
        as touched_conversion_upper,
    case
        when a.next_stage is not null
            then
                cast(coalesce(s.went_on, 0) - coalesce(t.went_on, 0) as double)
                / nullif(s.passes - coalesce(t.passes, 0), 0)
    end as untouched_conversion,
    cast(coalesce(m.passes, 0) as bigint) as compared_passes,
    cast(coalesce(m.others, 0) as bigint) as compared_others,
    case when a.next_stage is not null then cast(m.went_on as double) / m.passes end
        as compared_conversion,
    case when a.next_stage is not null then m.expected / m.passes end as expected_conversion,
    case when a.next_stage is not null then (m.went_on - m.expected) / m.passes end
        as associated_difference,
    case
        when a.next_stage is not null
            then {{ wilson_bound('m.went_on', 'm.passes', 'lower') }} - m.expected / m.passes
    end as associated_difference_lower,
    case
        when a.next_stage is not null
            then {{ wilson_bound('m.went_on', 'm.passes', 'upper') }} - m.expected / m.passes
    end as associated_difference_upper,
    coalesce(m.passes, 0) < g.minimum_sample_size or coalesce(m.others, 0) < g.minimum_sample_size
        as is_small_sample
from contents as c
cross join stages as a
cross join settings as g
left join touched_by_stage as t on c.content_key = t.content_key and a.stage = t.stage
left join all_by_stage as s on a.stage = s.stage
left join compared as m on c.content_key = m.content_key and a.stage = m.stage
