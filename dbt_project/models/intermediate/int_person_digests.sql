with signals as (
    select * from {{ ref('int_signals') }}
),

opportunities as (
    select * from {{ ref('int_opportunities') }}
),

-- Where no source delivers activities, silence says nothing.
heard_sources as (
    select distinct source from {{ ref('int_activities') }}
),

heard_persons as (
    select distinct p.person_key
    from {{ ref('int_persons_resolved') }} as p
    inner join {{ ref('int_person_records') }} as r on p.record_key = r.record_key
    inner join heard_sources as h on r.source = h.source
),

facts as (
    select
        person_key,
        sum({{ row_digest([
            'change_key', 'field', 'old_value', 'value', 'signal_at', 'precision', 'former_date',
            'is_former_undated', 'evidence', 'chain_position', 'opportunity_key', 'record_key', 'is_sign_of_life'
        ]) }}) as digest
    from signals
    group by person_key
    union all
    select person_key, sum({{ row_digest(['opportunity_key', 'opportunity_type', 'created_date']) }})
    from opportunities
    group by person_key
    union all
    select
        person_key,
        sum({{ row_digest(['record_key', 'source', 'field', 'value', 'known_from', 'value_number']) }})
    from {{ ref('int_fit_values') }}
    group by person_key
    union all
    select person_key, sum({{ row_digest(['deleted_at', 'deleted_at_precision']) }})
    from {{ ref('int_person_deletions') }}
    group by person_key
    union all
    select person_key, 1 from heard_persons
)

select
    f.person_key,
    cast(sum(f.digest) as varchar) as digest,
    max(case when h.person_key is not null then 1 else 0 end) = 1 as is_heard
from facts as f
left join heard_persons as h on f.person_key = h.person_key
group by f.person_key
