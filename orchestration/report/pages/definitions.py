"""Definitions: who is a qualified lead under whose rules, and which rules tell good from bad."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestration.report.figure import LOW_N, Chart, Column, Figure, Picker, Table
from orchestration.report.form import Intervals, Lines, Point
from orchestration.report.page import Page
from orchestration.report.wording import worded

if TYPE_CHECKING:
    from collections.abc import Iterator

    from orchestration.report.reading import Reading

_DEFINITIONS = {"agreed": "Agreed", "marketing": "Marketing's own", "sales": "Sales' own"}
_OUTCOMES = {"won": "Won", "accepted": "Accepted by sales"}
_KINDS = {
    "qualifies": "qualifies", "disqualifies": "disqualifies", "discards": "discards",
    "enters": "enters the stage",
}  # fmt: skip


def _figures(reading: Reading) -> Iterator[Figure]:
    yield _gap(reading)
    yield _over_time(reading)
    yield _lift(reading)
    yield _stages(reading)


def _gap(reading: Reading) -> Figure:
    answer = reading.ask("""
        select definition, qualified, also_agreed, also_marketing, also_sales, only_here,
            acceptance_rate, opportunity_rate, won_rate, accepted, reached_opportunity, won,
            ruled_out_disqualified, ruled_out_discarded, undated, is_small_sample
        from marts.rpt_definition_gap
        where period_type = 'all'
        order by definition
        """)
    rates = (
        ("acceptance_rate", "Accepted"),
        ("opportunity_rate", "Opportunity"),
        ("won_rate", "Won"),
    )
    points = [
        Point(
            at=label,
            value=row[name],
            series=_DEFINITIONS.get(row["definition"], row["definition"]),
            is_low=row["is_small_sample"],
            told=f"{row['definition']}, {label.lower()}: {worded(row[name], 'share')}"
            f" of {row['qualified']:,}",
        )
        for name, label in rates
        for row in answer.rows
        if row[name] is not None
    ]
    chart = Chart(
        draw=Intervals(points=points, kind="share"),
        text="What became of the leads that qualify under each definition: the shares accepted,"
        " reaching an opportunity, and won. The table has the numbers.",
        note="Hollow points: low n.",
    )
    return Figure(
        key="gap",
        title="The gap between the teams",
        definition="Persons who qualify under each definition, once, when all its rules first hold;"
        " how many of them qualify under the others too; and what became of them from then on.",
        unit="person",
        period="the whole time; definitions of the version in force, applied to all times",
        basis="persons that qualify",
        answer=answer,
        parts=[
            *([chart] if points else []),
            Table(
                caption="Qualified leads under each definition",
                source="marts.rpt_definition_gap",
                columns=[
                    Column("definition", "Definition", labels=_DEFINITIONS),
                    Column("qualified", "Qualified (n)", "number"),
                    Column("also_agreed", "Also agreed", "number"),
                    Column("also_marketing", "Also marketing's", "number"),
                    Column("also_sales", "Also sales'", "number"),
                    Column("only_here", "Only here", "number"),
                    Column("acceptance_rate", "Accepted", "share"),
                    Column("opportunity_rate", "Opportunity", "share"),
                    Column("won_rate", "Won", "share"),
                    Column("ruled_out_disqualified", "Ruled out: disqualified", "number"),
                    Column("ruled_out_discarded", "Ruled out: discarded", "number"),
                    Column("undated", "Undated", "number"),
                ],
                marks=[LOW_N],
            ),
        ],
    )


def _over_time(reading: Reading) -> Figure:
    answer = reading.ask(f"""
        select period_start, definition, qualified, accepted, won, acceptance_rate, won_rate,
            is_small_sample
        from marts.rpt_definition_gap
        where period_type = 'quarter'
            and period_start > date '{reading.as_of_date}' - interval 5 year
        order by definition, period_start
        """)
    points = [
        Point(
            at=row["period_start"],
            value=row["qualified"],
            series=_DEFINITIONS.get(row["definition"], row["definition"]),
            told=f"{row['definition']}, quarter from {row['period_start']:%b %Y}:"
            f" {row['qualified']:,}",
        )
        for row in answer.rows
    ]
    chart = Chart(
        draw=Lines(points=points, kind="number"),
        text="Persons who qualify under each definition, by quarter. The table has the numbers.",
    )
    return Figure(
        key="gap-over-time",
        title="Does the gap close?",
        definition="The same by the quarter in which the persons qualified.",
        unit="person",
        period="fiscal quarter, the last five years",
        basis="persons that qualified in the quarter",
        answer=answer,
        parts=[
            *([chart] if points else []),
            Table(
                caption="Qualified leads by quarter",
                source="marts.rpt_definition_gap",
                columns=[
                    Column("definition", "Definition", labels=_DEFINITIONS),
                    Column("period_start", "Quarter from", "month"),
                    Column("qualified", "Qualified (n)", "number"),
                    Column("accepted", "Accepted", "number"),
                    Column("acceptance_rate", "Accepted", "share"),
                    Column("won", "Won", "number"),
                    Column("won_rate", "Won", "share"),
                ],
                marks=[LOW_N],
            ),
        ],
    )


def _lift(reading: Reading) -> Figure:
    answer = reading.ask("""
        select outcome, definition, kind, criterion, description, n_true, rate_true, n_false,
            rate_false, n_unknown, lift, lift_lower, lift_upper, is_small_sample
        from marts.rpt_criteria_lift
        where period_type = 'all'
        order by outcome desc, definition, kind desc, rule_number, criterion
        """)
    names = {**_DEFINITIONS, **{f"stage:{key}": one for key, one in reading.stages.items()}}
    drawn = [row for row in answer.rows if row["outcome"] == "won" and row["lift"] is not None]
    points = [
        Point(
            at=f"{row['criterion']} · {names.get(row['definition'], row['definition'])}",
            value=row["lift"],
            low=row["lift_lower"],
            high=row["lift_upper"],
            is_low=row["is_small_sample"],
            told=f"{row['criterion']}: lift {row['lift']:.2f}, n = {row['n_true']:,}",
        )
        for row in drawn
    ]
    chart = Chart(
        draw=Intervals(points=points, kind="number", neutral=1, is_ratio=True),
        text="Lift of each criterion on winning, with its 95 % interval; 1 tells nothing. The table"
        " has the numbers.",
        note="Outcome: won. Bar: 95 % interval. Hollow: low n.",
    )
    return Figure(
        key="lift",
        title="Which rules tell good leads from bad",
        definition="Lift is the share of good leads where the criterion is true ÷ the share of good"
        " leads overall: 1 tells nothing; for what disqualifies, below 1 speaks for the rule.",
        unit="person with a pass",
        period="the whole time",
        basis="leads of whom the criterion is true, or false; unknown ones are in no rate",
        answer=answer,
        parts=[
            *([chart] if points else []),
            Table(
                caption="Criteria and their lift",
                source="marts.rpt_criteria_lift",
                pickers=[
                    Picker(
                        "outcome",
                        "Good is",
                        answer.rows[0]["outcome"] if answer.rows else None,
                        _OUTCOMES,
                    )
                ],
                columns=[
                    Column("criterion", "Criterion"),
                    Column("definition", "Definition", labels=names),
                    Column("kind", "What it does", labels=_KINDS),
                    Column("n_true", "True (n)", "number"),
                    Column("rate_true", "Good if true", "share"),
                    Column("n_false", "False (n)", "number"),
                    Column("rate_false", "Good if false", "share"),
                    Column("n_unknown", "Unknown", "number"),
                    Column("lift", "Lift", "decimal"),
                    Column("lift_lower", "95 % from", "decimal"),
                    Column("lift_upper", "to", "decimal"),
                    Column("description", "Why, as agreed"),
                ],
                marks=[LOW_N],
            ),
        ],
    )


def _stages(reading: Reading) -> Figure:
    answer = reading.ask("""
        select label, stage, description, team, roles, authority
        from marts.dim_stages where is_in_force order by stage_rank
        """)
    return Figure(
        key="stages",
        title="What each stage means",
        definition="The words of the agreement in force. How each stage is entered is on the page"
        " of the agreement.",
        unit="stage",
        period="the agreement in force",
        basis="every row is one stage",
        answer=answer,
        parts=[
            Table(
                caption="Stages of the funnel",
                source="marts.dim_stages",
                columns=[
                    Column("label", "Stage"),
                    Column("description", "What it means"),
                    Column("team", "Team"),
                    Column("roles", "Roles"),
                    Column("authority", "Who may move back or out"),
                ],
            )
        ],
    )


PAGE = Page(
    key="definitions",
    title="Definitions",
    lead="What a qualified lead is, to marketing, to sales and as agreed, how many each definition"
    " finds, and which of its rules are worth keeping.",
    needs=("marts.rpt_definition_gap", "marts.rpt_criteria_lift", "marts.dim_stages"),
    figures=_figures,
)
