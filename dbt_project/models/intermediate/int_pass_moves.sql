{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook='{{ forget_persons() }}'
) }}
{#- docs/engine.md §4, folded over the signals of each pass. -#}
{%- set move_type = struct_type({
    'n': 'integer', 'kind': 'varchar', 'rank_before': 'integer', 'exit_before': 'varchar',
    'rank_after': 'integer', 'exit_after': 'varchar'
}) -%}
{%- set nothing_yet = struct_of({
    'current_rank': 'cast(null as integer)',
    'exit': 'cast(null as varchar)',
    'ended_at': 'cast(null as timestamp)',
    'is_won': 'false',
    'unlost_opportunities': empty_list('integer'),
    'opportunities': empty_list('integer'),
    'entered_ranks': empty_list('integer'),
    'moves': empty_list(move_type)
}) -%}

{%- set move = {
    'resumes': resumes_pass(has_item('state.opportunities', 'item.opportunity')),
    'steps_back': steps_back(),
    'ends': ends_pass(),
    'enters': 'item.rank is not null and (state.exit is null or item.moment is null)'
} -%}
{%- set is_new_stage = 'not ' ~ has_item('state.entered_ranks', 'item.rank') -%}

{%- set kind -%}
    case
        when move.ends then item.exit
        when move.resumes
            then case
                when item.is_win and {{ is_new_stage }} then 'win'
                when {{ has_item('state.opportunities', 'item.opportunity') }} then 'reopen'
                else 'restart'
            end
        when not move.enters then null
        when item.is_win and {{ is_new_stage }} then 'win'
        when state.current_rank is null then 'enter'
        when move.steps_back then 'back'
        when state.exit is null and item.rank > state.current_rank then 'forward'
        -- A later first entry to a lower stage moves nobody.
        when {{ is_new_stage }} then 'enter'
    end
{%- endset -%}

{%- set next_state = struct_of({
    'current_rank': 'result.current_rank',
    'exit': 'result.exit',
    'ended_at': 'case when move.ends then item.moment when not move.resumes then state.ended_at end',
    'is_won': 'state.is_won or (item.is_win and (move.resumes or (move.enters and state.exit is null)))',
    'unlost_opportunities': opportunities_not_lost(),
    'opportunities': 'case when item.opportunity is null or '
        ~ has_item('state.opportunities', 'item.opportunity') ~ ' then state.opportunities else '
        ~ list_with('state.opportunities', 'item.opportunity') ~ ' end',
    'entered_ranks': "case when result.kind is not null and item.rank is not null then "
        ~ list_with('state.entered_ranks', 'item.rank') ~ ' else state.entered_ranks end',
    'moves': 'case when result.kind is null then state.moves else ' ~ list_with('state.moves', struct_of({
        'n': 'item.n',
        'kind': 'result.kind',
        'rank_before': 'state.current_rank',
        'exit_before': 'state.exit',
        'rank_after': 'result.current_rank',
        'exit_after': 'result.exit'
    })) ~ ' end'
}) -%}

with affected_persons as (
    select * from {{ ref('int_affected_persons') }}
),

pass_signals as (
    select s.*
    from {{ ref('int_pass_signals') }} as s
    inner join affected_persons as p on s.person_key = p.person_key
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

person_exits as (
    select person_key, signal_number from person_signals where exit in ('expired', 'deleted')
),

-- Silence and deletion are the person's: they end every pass that is open by then, not the newest only.
placed as (
    select person_key, pass_number, signal_number from pass_signals
    union
    select p.person_key, o.pass_number, p.signal_number
    from pass_signals as p
    inner join person_exits as s on p.person_key = s.person_key and p.signal_number = s.signal_number
    inner join pass_signals as o on p.person_key = o.person_key and p.pass_number > o.pass_number
),

items as (
    select e.person_key, e.pass_number, e.signal_number, {{ pass_item() }} as item
    from placed as e
    inner join person_signals as p
        on e.person_key = p.person_key and e.signal_number = p.signal_number
    cross join settings as t
    left join kept_stages as k on p.source = k.source
),

passes as (
    select person_key, pass_number, {{ collect_list_by('item', 'signal_number') }} as items
    from items
    group by person_key, pass_number
),

folded as (
    select
        person_key,
        pass_number,
        {{ fold(
            'items',
            nothing_yet,
            let('move', move, let('result', {
                'kind': kind,
                'current_rank': rank_after(),
                'exit': 'case when move.ends then item.exit when not move.resumes then state.exit end'
            }, next_state))
        ) }} as state
    from passes
),

moves as (
    {{ list_items('folded', ['person_key', 'pass_number'], 'state.moves', name='move') }}
)

select
    person_key,
    pass_number,
    move.n as signal_number,
    move.kind,
    move.rank_before,
    move.exit_before,
    move.rank_after,
    move.exit_after
from moves
