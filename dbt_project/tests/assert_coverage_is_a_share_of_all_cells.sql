-- Every campaign has every pair of a persona and a buying stage, and as many assets as serve it.
with versions as (
    select version from {{ ref('int_agreement_versions') }} where is_in_force
),

agreed as (
    select
        (
            select count(*)
            from {{ source('agreement', 'personas') }} as p
            inner join versions as v on p.version = v.version
        )
        * (
            select count(*)
            from {{ source('agreement', 'buying_stages') }} as b
            inner join versions as v on b.version = v.version
        ) as cells
)

select c.campaign, count(*) as cells, max(c.coverage) as coverage
from {{ ref('rpt_content_coverage') }} as c
cross join agreed as a
group by c.campaign, a.cells
having
    count(*) <> a.cells
    or max(c.cells) <> a.cells
    or max(c.covered_cells) <> sum(case when c.is_covered then 1 else 0 end)
    or max(c.coverage) > 1
    or max(c.assets) > max(c.campaign_assets)
