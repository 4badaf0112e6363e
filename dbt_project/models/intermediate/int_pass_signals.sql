{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook='{{ forget_persons() }}'
) }}
{#- docs/engine.md §3, folded over each person's signals. `state` tells of the newest pass. -#}
{%- set known_pass = item_beside('state.opportunities', 'item.opportunity', 'state.passes') -%}
{%- set last_won_pass = item_at('state.won_passes', list_size('state.won_passes')) -%}
{%- set nothing_yet = struct_of({
    'newest': 'cast(0 as integer)',
    'current_rank': 'cast(null as integer)',
    'exit': 'cast(null as varchar)',
    'ended_at': 'cast(null as timestamp)',
    'is_won': 'false',
    'won_on': 'cast(null as date)',
    'won_passes': empty_list('integer'),
    'churned_passes': empty_list('integer'),
    'unlost_opportunities': empty_list('integer'),
    'opportunities': empty_list('integer'),
    'passes': empty_list('integer'),
    'places': empty_list(struct_type({'signal_number': 'integer', 'pass_number': 'integer'}))
}) -%}

{#- Whose signal it is: what follows a sale the sold pass's, a known opportunity's its own pass's. -#}
{%- set place = {
    'target': 'coalesce(case when item.is_after_sale then ' ~ last_won_pass ~ ' end, ' ~ known_pass
        ~ ', state.newest)',
    'is_known': known_pass ~ ' is not null',
    'is_bound': '(item.is_after_sale and ' ~ last_won_pass ~ ' is not null) or ' ~ known_pass
        ~ ' is not null'
} -%}

{#- Opened after the win (or nobody knows when): the next trip, and not the rest of the won one. -#}
{%- set is_new_business -%}
    item.opportunity is not null and coalesce(item.created_date > state.won_on, true)
{%- endset -%}

{%- set move = {
    'opens': 'coalesce(item.rank is not null and (state.newest = 0 or (not place.is_bound'
        ~ ' and item.has_turned_true and case'
        ~ ' when state.exit is null then state.is_won and ' ~ is_new_business
        ~ ' else item.moment is not null and (state.is_won or item.earliest_end > state.ended_at)'
        ~ ' end)), false)',
    'is_newest': 'place.target = state.newest',
    'resumes': 'place.target = state.newest and ' ~ resumes_pass('place.is_known'),
    'steps_back': 'place.target = state.newest and ' ~ steps_back(),
    'ends': 'place.target = state.newest and ' ~ ends_pass()
} -%}

{#- 0: an opportunity without a pass of its own, after an end or a win, that enters nothing. -#}
{%- set pass_number -%}
    case
        when move.opens then state.newest + 1
        when not move.is_newest then place.target
        when item.opportunity is null or place.is_bound then state.newest
        when state.exit is null
            then case when state.is_won and {{ is_new_business }} then 0 else state.newest end
        when move.resumes or (item.rank is not null and item.moment is null) then state.newest
        else 0
    end
{%- endset -%}

{%- set next_state = struct_of({
    'newest': 'case when move.opens then state.newest + 1 else state.newest end',
    'current_rank': 'case when move.opens then item.rank when move.is_newest then ' ~ rank_after()
        ~ ' else state.current_rank end',
    'exit': 'case when move.ends then item.exit when not move.opens and not move.resumes then state.exit'
        ~ ' end',
    'ended_at': 'case when move.ends then item.moment when not move.opens and not move.resumes'
        ~ ' then state.ended_at end',
    'is_won': 'case when move.opens then item.is_win else state.is_won or (item.is_win and move.is_newest'
        ~ ' and (state.exit is null or move.resumes)) end',
    'won_on': 'case when move.opens then case when item.is_win then item.signal_date end'
        ~ ' when item.is_win and move.is_newest and not state.is_won then item.signal_date'
        ~ ' else state.won_on end',
    'won_passes': 'case when item.is_win and not ' ~ has_item('state.won_passes', 'placed.pass_number')
        ~ ' and (move.opens or (not move.is_newest and not '
        ~ has_item('state.churned_passes', 'place.target') ~ ') or (move.is_newest and (state.exit is null'
        ~ ' or move.resumes))) then ' ~ list_with('state.won_passes', 'placed.pass_number')
        ~ ' else state.won_passes end',
    'churned_passes': "case when item.exit = 'churned' and (move.ends or (not move.is_newest and"
        ~ ' item.has_turned_true)) then ' ~ list_with('state.churned_passes', 'place.target')
        ~ ' when item.is_after_sale and item.rank is not null and item.has_turned_true then '
        ~ list_without('state.churned_passes', 'place.target') ~ ' else state.churned_passes end',
    'unlost_opportunities': 'case when placed.pass_number <> state.newest and not move.opens'
        ~ ' then state.unlost_opportunities when not move.opens then ' ~ opportunities_not_lost()
        ~ ' when item.opportunity is not null and item.is_not_lost then '
        ~ list_with(empty_list('integer'), 'item.opportunity') ~ ' else ' ~ empty_list('integer') ~ ' end',
    'opportunities': 'case when item.opportunity is not null and not place.is_known'
        ~ ' and placed.pass_number > 0 then ' ~ list_with('state.opportunities', 'item.opportunity')
        ~ ' else state.opportunities end',
    'passes': 'case when item.opportunity is not null and not place.is_known'
        ~ ' and placed.pass_number > 0 then ' ~ list_with('state.passes', 'placed.pass_number')
        ~ ' else state.passes end',
    'places': list_with('state.places', struct_of({
        'signal_number': 'item.n', 'pass_number': 'placed.pass_number'
    }))
}) -%}

with affected_persons as (
    select * from {{ ref('int_affected_persons') }}
),

person_signals as (
    select s.*
    from {{ ref('int_person_signals') }} as s
    inner join affected_persons as p on s.person_key = p.person_key
),

settings as (
    select * from {{ ref('int_agreed_settings') }}
),

kept_stages as (
    select * from {{ ref('int_kept_stages') }}
),

items as (
    select p.person_key, p.signal_number, {{ pass_item() }} as item
    from person_signals as p
    cross join settings as t
    left join kept_stages as k on p.source = k.source
),

persons as (
    select person_key, {{ collect_list_by('item', 'signal_number') }} as items
    from items
    group by person_key
),

folded as (
    select
        person_key,
        {{ fold(
            'items',
            nothing_yet,
            let('place', place, let('move', move, let('placed', {'pass_number': pass_number}, next_state)))
        ) }} as state
    from persons
),

placed as (
    {{ list_items('folded', ['person_key'], 'state.places', name='place') }}
)

select
    person_key,
    place.signal_number,
    place.pass_number
from placed
where place.pass_number > 0
