"""What must hold of the public tables that leave, derived from the agreement."""

from __future__ import annotations

from typing import TYPE_CHECKING

from expectations.suite import (
    Look,
    Suite,
    has_rows,
    holds,
    is_one_of,
    is_present,
    is_unique,
    lies_between,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import pandas as pd

SCHEMA = "marts"

# What the law says beside the agreement's own exits.
OTHER_EXITS = ("expired", "deleted")
OUTCOMES = ("open", "won", *OTHER_EXITS)
KINDS = (
    "enter", "forward", "skip", "back", "recycle", "reject", "disqualify", "lose", "win", "churn",
    "expire", "reopen", "restart", "merge", "delete", "remap",
)  # fmt: skip
EVIDENCE = ("stamped", "observed", "inferred", "implied")


def marts_suites(agreement: Mapping[str, pd.DataFrame]) -> list[Suite]:
    """Return the suites `marts__<table>` of the guarded public tables.

    `agreement` holds the agreement's tables by name. The queries read `marts.*`,
    `agreement.stages` and `ops.run_context` of the warehouse.
    """
    stages = sorted(set(agreement["stages"]["stage"]))
    exits = sorted(set(agreement["exits"]["exit"]))
    makers: dict[str, Callable[[list[str], list[str]], Look]] = {
        "dim_persons": _persons,
        "fct_passes": _passes,
        "fct_stage_transitions": _transitions,
        "fct_opportunities": _opportunities,
        "fct_opportunity_states": _opportunity_states,
        "rpt_funnel_conversion": _conversion,
    }
    return [Suite(SCHEMA, table, (make(stages, exits),)) for table, make in makers.items()]


# The tables that have a suite, known without an agreement.
GUARDED = (
    "dim_persons",
    "fct_passes",
    "fct_stage_transitions",
    "fct_opportunities",
    "fct_opportunity_states",
    "rpt_funnel_conversion",
)


def _persons(_stages: list[str], _exits: list[str]) -> Look:
    query = """
        select p.person_key, p.record_count, p.first_seen_at < c.as_of as is_in_time
        from marts.dim_persons as p cross join ops.run_context as c
    """
    return Look(
        query,
        ("person_key",),
        (
            is_present("person_key", "every person has a key"),
            is_unique(("person_key",), "a person comes once"),
            lies_between("record_count", 0, None, "a person has a number of records"),
            holds("is_in_time", "nobody was first seen at or after as_of"),
        ),
    )


def _passes(stages: list[str], exits: list[str]) -> Look:
    query = """
        with ranks as (
            select s.stage, s.stage_rank from agreement.stages as s
            inner join ops.run_context as c on s.version = c.agreement_version
        )
        select
            p.person_key, p.pass_number, p.outcome, p.current_stage, p.furthest_stage,
            d.person_key is not null as is_person_known,
            greatest(p.started_at, p.marketing_qualified_at, p.handed_off_at, p.accepted_at,
                p.sales_qualified_at, p.opportunity_at, p.won_at, p.ended_at) < c.as_of
                as is_in_time,
            f.stage_rank >= n.stage_rank as is_furthest_furthest,
            case when p.outcome in ('open', 'won') then p.ended_at is null end as is_open_unended
        from marts.fct_passes as p
        cross join ops.run_context as c
        left join marts.dim_persons as d on p.person_key = d.person_key
        left join ranks as n on p.current_stage = n.stage
        left join ranks as f on p.furthest_stage = f.stage
    """
    outcomes = sorted({*OUTCOMES, *exits})
    return Look(
        query,
        ("person_key", "pass_number"),
        (
            has_rows("there is at least one pass"),
            is_present("person_key", "every pass belongs to a person"),
            is_present("pass_number", "every pass has a number"),
            is_unique(("person_key", "pass_number"), "a pass comes once"),
            holds("is_person_known", "the person of every pass is in dim_persons"),
            is_present("current_stage", "every pass is at a stage"),
            is_one_of("current_stage", stages, "the current stage is one of the agreement's"),
            is_one_of("furthest_stage", stages, "the furthest stage is one of the agreement's"),
            holds("is_furthest_furthest", "no pass is beyond its furthest stage"),
            is_present("outcome", "every pass has an outcome"),
            is_one_of("outcome", outcomes, f"an outcome is one of {', '.join(outcomes)}"),
            holds("is_in_time", "nothing in a pass is dated at or after as_of"),
            holds("is_open_unended", "an open or won pass has no end"),
        ),
    )


def _transitions(stages: list[str], exits: list[str]) -> Look:
    query = """
        with ranks as (select stage, version, stage_rank from agreement.stages)
        select
            t.person_key, t.pass_number, t.transition_number, t.from_stage, t.to_stage, t.kind,
            t.evidence,
            p.person_key is not null as is_pass_known,
            v.version is not null as is_version_known,
            t.transition_at < c.as_of as is_in_time,
            case
                when t.kind in ('forward', 'skip') then n.stage_rank > b.stage_rank
                when t.kind = 'back' then n.stage_rank < b.stage_rank
            end as is_in_rank_order
        from marts.fct_stage_transitions as t
        cross join ops.run_context as c
        left join marts.fct_passes as p
            on t.person_key = p.person_key and t.pass_number = p.pass_number
        left join (select distinct version from ranks) as v on t.agreement_version = v.version
        left join ranks as b on t.agreement_version = b.version and t.from_stage = b.stage
        left join ranks as n on t.agreement_version = n.version and t.to_stage = n.stage
    """
    key = ("person_key", "pass_number", "transition_number")
    return Look(
        query,
        key,
        (
            has_rows("there is at least one transition"),
            *(is_present(column, f"every transition has a {column}") for column in key),
            is_unique(key, "a transition comes once"),
            holds("is_pass_known", "the pass of every transition is in fct_passes"),
            holds("is_version_known", "every transition follows a version of the agreement"),
            is_one_of(
                "from_stage",
                [*stages, *exits, *OTHER_EXITS],
                "a transition leaves a stage, or resumes after an exit",
            ),
            is_present("to_stage", "every transition leads somewhere"),
            is_one_of(
                "to_stage",
                [*stages, *exits, *OTHER_EXITS],
                "a transition enters a stage or an exit",
            ),
            is_one_of("kind", list(KINDS), f"a kind is one of {', '.join(KINDS)}"),
            is_one_of("evidence", list(EVIDENCE), f"evidence is one of {', '.join(EVIDENCE)}"),
            holds("is_in_time", "no transition is dated at or after as_of"),
            holds("is_in_rank_order", "forward and skip go up in rank, back goes down"),
        ),
    )


def _opportunities(_stages: list[str], _exits: list[str]) -> Look:
    query = """
        select
            o.opportunity_key, o.stage, o.amount,
            o.person_key is null or d.person_key is not null as is_person_known,
            o.account_key is null or a.account_key is not null as is_account_known,
            o.pass_number is null or p.person_key is not null as is_pass_known,
            greatest(o.created_at, o.closed_at) < c.as_of as is_in_time,
            not o.is_won or o.is_closed as is_won_closed,
            -- A day: a closing is often known by its date only, at midnight.
            o.closed_at >= o.created_at - interval 1 day as is_closed_after_created
        from marts.fct_opportunities as o
        cross join ops.run_context as c
        left join marts.dim_persons as d on o.person_key = d.person_key
        left join marts.dim_accounts as a on o.account_key = a.account_key
        left join marts.fct_passes as p
            on o.person_key = p.person_key and o.pass_number = p.pass_number
    """
    return Look(
        query,
        ("opportunity_key",),
        (
            is_present("opportunity_key", "every opportunity has a key"),
            is_unique(("opportunity_key",), "an opportunity comes once"),
            holds("is_person_known", "the person of an opportunity is in dim_persons"),
            holds("is_account_known", "the account of an opportunity is in dim_accounts"),
            holds("is_pass_known", "the pass of an opportunity is in fct_passes"),
            holds("is_in_time", "no opportunity is created or closed at or after as_of"),
            holds("is_won_closed", "a won opportunity is closed"),
            holds("is_closed_after_created", "nothing closes before it was created", "warning"),
            lies_between("amount", 0, None, "no amount is below zero", "warning"),
        ),
    )


def _opportunity_states(_stages: list[str], _exits: list[str]) -> Look:
    query = """
        select
            s.opportunity_key, s.state_number, s.evidence,
            o.opportunity_key is not null as is_opportunity_known,
            s.valid_from < c.as_of and (s.valid_until is null or s.valid_until < c.as_of)
                as is_in_time,
            s.valid_from < s.valid_until as is_forward,
            not s.is_won or s.is_closed as is_won_closed
        from marts.fct_opportunity_states as s
        cross join ops.run_context as c
        left join marts.fct_opportunities as o on s.opportunity_key = o.opportunity_key
    """
    key = ("opportunity_key", "state_number")
    return Look(
        query,
        key,
        (
            *(is_present(column, f"every state has a {column}") for column in key),
            is_unique(key, "a state comes once"),
            holds("is_opportunity_known", "the opportunity of a state is in fct_opportunities"),
            holds("is_in_time", "no state begins or ends at or after as_of"),
            holds("is_forward", "a state ends after it began"),
            holds("is_won_closed", "what is won is closed"),
            is_one_of(
                "evidence",
                ["stamped", "observed", "inferred"],
                "the evidence of a state is stamped, observed or inferred",
            ),
        ),
    )


# What makes a row of the conversion report one cell.
_CELL = (
    "method, policy, unit, period_type, period_start, segment, segment_value, from_stage, to_stage,"
    " window_days"
)


def _conversion(stages: list[str], _exits: list[str]) -> Look:
    # The report has hundreds of rows for each person of a small company: the conditions are worked
    # out where the rows are, and a cell is only spelled out where one of them does not hold.
    query = f"""
        with ranks as (
            select s.stage, s.stage_rank from agreement.stages as s
            inner join ops.run_context as c on s.version = c.agreement_version
        ),
        repeated as (
            select hash({_CELL}) as cell_hash
            from marts.rpt_funnel_conversion group by 1 having count(*) > 1
        ),
        judged as (
            select
                {_CELL},
                p.cell_hash is null as is_single,
                coalesce(from_stage in ({_quoted(stages)}), false) as is_from_stage_known,
                coalesce(to_stage in ({_quoted(stages)}), false) as is_to_stage_known,
                coalesce(b.stage_rank < n.stage_rank, true) as is_in_rank_order,
                coalesce(entered >= 0 and converted >= 0, false) as is_counted,
                coalesce(method <> 'cohort' or conversion_rate between 0 and 1, true) as is_a_share,
                coalesce(method <> 'cohort' or converted <= entered, true) as is_within_cohort,
                coalesce(mature_share between 0 and 1, true) as is_mature_share
            from marts.rpt_funnel_conversion as r
            left join repeated as p on p.cell_hash = hash({_CELL})
            left join ranks as b on r.from_stage = b.stage
            left join ranks as n on r.to_stage = n.stage
        )
        select
            is_single, is_from_stage_known, is_to_stage_known, is_in_rank_order, is_counted,
            is_a_share, is_within_cohort, is_mature_share,
            case when not (
                is_single and is_from_stage_known and is_to_stage_known and is_in_rank_order
                and is_counted and is_a_share and is_within_cohort and is_mature_share
            ) then concat_ws(', ', {_CELL}) end as cell
        from judged
    """
    return Look(
        query,
        ("cell",),
        (
            has_rows("there is at least one conversion"),
            holds("is_single", "a cell of the report comes once"),
            holds("is_from_stage_known", "the first stage is one of the agreement's"),
            holds("is_to_stage_known", "the second stage is one of the agreement's"),
            holds("is_in_rank_order", "a pair goes up in rank"),
            holds("is_counted", "entries and conversions are counted from zero"),
            holds("is_a_share", "a cohort converts between 0 and 100 %"),
            holds("is_within_cohort", "no cohort converts more than entered"),
            holds("is_mature_share", "a mature share is between 0 and 100 %"),
        ),
    )


def _quoted(values: list[str]) -> str:
    return ", ".join("'" + value.replace("'", "''") + "'" for value in values)
