{#-
    The rules of docs/engine.md §§3–4 about one pass, as expressions over the `state` of a fold and its
    next `item` (a row of int_person_signals). Two folds share them: int_pass_signals, which asks which
    pass a signal belongs to, and int_pass_moves, which asks what it does there.
-#}

{#-
    What a fold needs to know of a signal `p`, in a query with settings `t` and kept stages `k`. An end
    at or after `earliest_end` lies within the re-entry window.
-#}
{% macro pass_item() -%}
    {{ struct_of({
        'n': 'p.signal_number',
        'moment': 'p.moment',
        'signal_date': 'p.signal_date',
        'rank': 'p.stage_rank',
        'left_rank': 'p.left_rank',
        'exit': 'p.exit',
        'has_turned_true': 'p.has_turned_true',
        'is_win': 'p.is_win',
        'is_after_sale': 'p.is_after_sale',
        'opportunity': 'p.opportunity_number',
        'created_date': 'p.opportunity_created_date',
        'is_not_lost': 'p.is_not_lost',
        'kept_ranks': 'case when p.exit is not null or p.left_rank is not null then k.kept_ranks end',
        'earliest_end': dbt.dateadd('day', '-t.reentry_window_days', 'p.moment')
    }) }}
{%- endmacro %}

{#- A signal of a system that has no authority over the current stage moves nobody back or out. -#}
{% macro may_leave_stage() -%}
    not {{ has_item('item.kept_ranks', 'state.current_rank') }}
{%- endmacro %}

{#- §4.3. A lost opportunity ends the pass only when every other one is lost or deleted. -#}
{% macro ends_pass() -%}
    coalesce(
        item.exit is not null
        and item.has_turned_true
        and state.current_rank is not null
        and state.exit is null
        and {{ may_leave_stage() }}
        and case
            when state.is_won then item.exit = 'churned'
            when item.exit = 'lost' and item.opportunity is not null
                then {{ list_size('state.unlost_opportunities') }}
                = case
                    when {{ has_item('state.unlost_opportunities', 'item.opportunity') }} then 1 else 0
                end
            else true
        end,
        false
    )
{%- endmacro %}

{#- §3.3, §3.5. `is_known` says that the opportunity has been in this pass before. -#}
{% macro resumes_pass(is_known) -%}
    coalesce(
        item.rank is not null
        and item.moment is not null
        and state.exit is not null
        and case
            when state.is_won then item.has_turned_true and item.is_after_sale
            when {{ is_known }} then state.exit <> 'churned'
            else item.has_turned_true and item.earliest_end <= state.ended_at
        end,
        false
    )
{%- endmacro %}

{#- §4.2. -#}
{% macro steps_back() -%}
    coalesce(
        item.rank is not null
        and state.exit is null
        and item.rank < state.current_rank
        and item.left_rank >= state.current_rank
        and {{ may_leave_stage() }},
        false
    )
{%- endmacro %}

{#- The stage in which the pass stands after the signal, by what `move` says of it. -#}
{% macro rank_after() -%}
    case
        when item.rank is null then state.current_rank
        when state.current_rank is null or move.resumes or move.steps_back then item.rank
        when state.exit is null then greatest(state.current_rank, item.rank)
        else state.current_rank
    end
{%- endmacro %}

{#- The opportunities of the pass that are neither lost nor deleted after the signal. -#}
{% macro opportunities_not_lost() -%}
    case
        when item.opportunity is null then state.unlost_opportunities
        when not item.is_not_lost
            then {{ list_without('state.unlost_opportunities', 'item.opportunity') }}
        -- It was there at some time: that says nothing of now.
        when item.moment is null and {{ has_item('state.opportunities', 'item.opportunity') }}
            then state.unlost_opportunities
        when {{ has_item('state.unlost_opportunities', 'item.opportunity') }}
            then state.unlost_opportunities
        else {{ list_with('state.unlost_opportunities', 'item.opportunity') }}
    end
{%- endmacro %}
