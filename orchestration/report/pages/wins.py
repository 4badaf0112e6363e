"""Wins and losses: how often, for how much, how fast, and why not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestration.report.figure import LOW_N, Chart, Column, Figure, Mark, Picker, Table
from orchestration.report.form import Bars, Lines, Point
from orchestration.report.page import Page
from orchestration.report.wording import worded

if TYPE_CHECKING:
    from collections.abc import Iterator

    from orchestration.report.reading import Reading

_WON_ONLY = Mark("is_won_only", "won only", "the source knows won ones only: no win rate")
_NO_VALUES = Mark(
    "is_lost_value_missing", "no lost values", "all lost amounts are zero: no rate by value"
)
_NO_RATE = Mark("is_rate_missing", "no exchange rate", "an amount has no rate and is in no sum")
_DIMENSIONS = {"reason": "Reason", "competitor": "Competitor", "stage": "Stage"}
_NO_REASON = Mark("is_without_reason", "says nothing", "nobody said, or only “Other”")


def _figures(reading: Reading) -> Iterator[Figure]:
    yield _rates(reading)
    yield _pipeline(reading)
    yield _reasons(reading)
    yield _deals(reading)
    yield _segments(reading)


def _rates(reading: Reading) -> Figure:
    answer = reading.ask(f"""
        select period_start, opportunities, open, won, lost, won + lost as closed, win_rate,
            win_rate_by_value, win_rate_all, cohort_win_rate, won_value, lost_value,
            median_cycle_days_won, median_cycle_days_lost, is_won_only, is_lost_value_missing,
            is_rate_missing, is_small_sample
        from marts.rpt_win_loss
        where period_type = 'quarter' and segment = 'all'
            and period_start <= date '{reading.as_of_date}'
            and period_start > date '{reading.as_of_date}' - interval 5 year
        order by period_start desc
        """)
    rates = (("win_rate", "By count"), ("win_rate_by_value", "By value"))
    points = [
        Point(
            at=row["period_start"],
            value=row[name],
            series=label,
            is_low=row["is_small_sample"],
            told=f"{label.lower()}, quarter from {row['period_start']:%b %Y}:"
            f" {worded(row[name], 'share')} of {row['closed']:,}",
        )
        for name, label in rates
        for row in reversed(answer.rows)
        if row[name] is not None
    ]
    chart = Chart(
        draw=Lines(points=points, kind="share"),
        text="Win rate by count and by value, by quarter. The table has the numbers.",
        note="Hollow points: low n.",
    )
    return Figure(
        key="rates",
        title="Win rate and cycle",
        definition="By count: won ÷ (won + lost). By value: won value ÷ (won + lost value). Both of"
        " new business that closed in the quarter. Of all: won ÷ all opportunities. Cohort: won ÷"
        " created in the quarter. Cycle: calendar days from creation to closing.",
        unit=f"opportunity of new business; money in {reading.currency}",
        period="fiscal quarter of the closing (of the beginning, while open), the last five years",
        basis="closed: won + lost",
        answer=answer,
        parts=[
            *([chart] if points else []),
            Table(
                caption="Wins and losses by quarter",
                source="marts.rpt_win_loss",
                columns=[
                    Column("period_start", "Quarter from", "month"),
                    Column("closed", "Closed (n)", "number"),
                    Column("won", "Won", "number"),
                    Column("lost", "Lost", "number"),
                    Column("open", "Open", "number"),
                    Column("win_rate", "By count", "share"),
                    Column("win_rate_by_value", "By value", "share"),
                    Column("win_rate_all", "Of all", "share"),
                    Column("cohort_win_rate", "Cohort", "share"),
                    Column("won_value", "Won value", "money"),
                    Column("lost_value", "Lost value", "money"),
                    Column("median_cycle_days_won", "Median cycle, won", "days"),
                    Column("median_cycle_days_lost", "Median cycle, lost", "days"),
                ],
                marks=[LOW_N, _WON_ONLY, _NO_VALUES, _NO_RATE],
            ),
        ],
    )


def _pipeline(reading: Reading) -> Figure:
    answer = reading.ask(f"""
        select period_start, created, pipeline_created, sourced_by_marketing, sourced_by_sales,
            sourced_by_customer_success, pipeline_influenced, open_pipeline, weighted_pipeline,
            omitted, won_value, target_value, remaining_target, coverage, pipeline_velocity,
            gross_revenue_retention, net_revenue_retention, is_rate_missing, is_small_sample
        from marts.rpt_pipeline
        where period_type = 'quarter' and segment = 'all'
            and period_start > date '{reading.as_of_date}' - interval 5 year
        order by period_start desc
        """)
    teams = (
        ("sourced_by_marketing", "Marketing"),
        ("sourced_by_sales", "Sales"),
        ("sourced_by_customer_success", "Customer success"),
    )
    points = [
        Point(
            at=f"{row['period_start']:%Y-%m}",
            value=row[name],
            series=f"Sourced by {label.lower()}",
            told=f"sourced by {label.lower()}, quarter from {row['period_start']:%b %Y}:"
            f" {worded(row[name], 'money')} {reading.currency}",
        )
        for row in reversed(answer.rows)
        for name, label in teams
        if row[name]
    ]
    chart = Chart(
        draw=Bars(points=points, kind="money"),
        text="Pipeline created by quarter and by the team that sourced it. The table has the"
        " numbers.",
    )
    return Figure(
        key="pipeline",
        title="Pipeline created, and who sourced it",
        definition="Amounts as of the creation. Exactly one team sourced each opportunity, by the"
        " agreement's rule; influenced ones count once and overlap with both. Coverage: open"
        " pipeline that closes in the quarter ÷ what of the target is not won yet. Pipeline"
        " velocity: qualified × win rate × average won value ÷ average cycle days, money a day.",
        unit=f"opportunity of new business; money in {reading.currency}",
        period="fiscal quarter of each figure's own fact, the last five years and those to come",
        basis="created opportunities",
        answer=answer,
        parts=[
            *([chart] if points else []),
            Table(
                caption="Pipeline by quarter",
                source="marts.rpt_pipeline",
                columns=[
                    Column("period_start", "Quarter from", "month"),
                    Column("created", "Created (n)", "number"),
                    Column("pipeline_created", "Created", "money"),
                    Column("sourced_by_marketing", "By marketing", "money"),
                    Column("sourced_by_sales", "By sales", "money"),
                    Column("pipeline_influenced", "Influenced", "money"),
                    Column("open_pipeline", "Open", "money"),
                    Column("weighted_pipeline", "Weighted", "money"),
                    Column("omitted", "Omitted (n)", "number"),
                    Column("won_value", "Won", "money"),
                    Column("target_value", "Target", "money"),
                    Column("coverage", "Coverage", "decimal"),
                    Column("pipeline_velocity", "Velocity a day", "money"),
                    Column("gross_revenue_retention", "Gross retention", "share"),
                    Column("net_revenue_retention", "Net retention", "share"),
                ],
                marks=[LOW_N, _NO_RATE],
            ),
        ],
    )


def _reasons(reading: Reading) -> Figure:
    answer = reading.ask("""
        select segment, segment_value, dimension, coalesce(label, value, '(none given)') as value,
            lost, share_of_lost, lost_value, share_of_lost_value, median_days_in_stage,
            median_cycle_days, not is_known as is_without_reason, is_lost_value_missing,
            is_rate_missing, is_small_sample
        from marts.rpt_loss_reasons
        where period_type = 'all' and segment = 'all'
        order by dimension, lost desc, value
        """)
    points = [
        Point(
            at=row["value"],
            value=row["lost"],
            told=f"{row['value']}: {row['lost']:,},"
            f" {worded(row['share_of_lost'], 'share')} of all lost",
        )
        for row in answer.rows
        if row["dimension"] == "reason"
    ]
    chart = Chart(
        draw=Bars(points=points, kind="number"),
        text="Lost opportunities by reason. The table has the numbers.",
    )
    return Figure(
        key="reasons",
        title="Why, to whom and where opportunities are lost",
        definition="Of all lost opportunities of new business, deleted ones left out. Those without"
        " a reason, or with “Other”, stay in the count: nothing is re-based to 100 %.",
        unit=f"opportunity; money in {reading.currency}",
        period="the whole time",
        basis="lost opportunities",
        answer=answer,
        parts=[
            *([chart] if points else []),
            Table(
                caption="Lost opportunities",
                source="marts.rpt_loss_reasons",
                pickers=[Picker("dimension", "By", "reason", _DIMENSIONS)],
                columns=[
                    Column("value", "Value"),
                    Column("lost", "Lost (n)", "number"),
                    Column("share_of_lost", "Of all lost", "share"),
                    Column("lost_value", "Lost value", "money"),
                    Column("share_of_lost_value", "Of the value", "share"),
                    Column("median_days_in_stage", "In the stage, median", "days"),
                    Column("median_cycle_days", "Cycle, median", "days"),
                ],
                marks=[_NO_REASON, LOW_N, _NO_VALUES, _NO_RATE],
                shown=40,
            ),
        ],
    )


def _deals(reading: Reading) -> Figure:
    answer = reading.ask("""
        select d.outcome, d.deal_rank, coalesce(a.name, d.opportunity_key) as deal,
            d.amount_reporting, d.closed_date, d.cycle_days, d.product, d.lead_source, d.entry_path,
            coalesce(d.reason_label, d.reason) as reason, d.competitor, d.stage_at_loss, d.way,
            d.touches, d.contents, d.content_names, d.clocks_met, d.clocks_late, d.clocks_overdue,
            d.speed_to_lead_minutes, coalesce(o.name, d.owner_key) as owner
        from marts.rpt_key_deals as d
        left join marts.dim_accounts as a on d.account_key = a.account_key
        left join marts.dim_owners as o on d.owner_key = o.owner_key
        where d.period_type = 'all'
        order by d.outcome desc, d.deal_rank
        """)
    first = answer.rows[0]["outcome"] if answer.rows else None
    return Figure(
        key="deals",
        title="The largest wins and losses, one by one",
        definition="The ten largest of each, by amount in the reporting currency. The way names the"
        " stages of the pass with the days until the next one; touches are inbound ones of people.",
        unit=f"opportunity of new business; money in {reading.currency}",
        period="the whole time; quarters are in the table",
        basis="every row is one opportunity",
        answer=answer,
        parts=[
            Table(
                caption="Key deals",
                source="marts.rpt_key_deals",
                pickers=[Picker("outcome", "Show", first, {"won": "Won", "lost": "Lost"})],
                columns=[
                    Column("deal", "Deal"),
                    Column("amount_reporting", "Amount", "money"),
                    Column("closed_date", "Closed", "date"),
                    Column("owner", "Owner"),
                    Column("cycle_days", "Cycle", "days"),
                    Column("product", "Product"),
                    Column("lead_source", "Source"),
                    Column("reason", "Reason"),
                    Column("competitor", "Competitor"),
                    Column("stage_at_loss", "Lost in"),
                    Column("way", "Way through the funnel"),
                    Column("touches", "Touches", "number"),
                    Column("content_names", "Content"),
                    Column("clocks_met", "Clocks met", "number"),
                    Column("clocks_late", "late", "number"),
                    Column("clocks_overdue", "overdue", "number"),
                    Column("speed_to_lead_minutes", "To the first attempt", "minutes"),
                ],
            )
        ],
    )


def _segments(reading: Reading) -> Figure:
    answer = reading.ask("""
        select segment, segment_value, opportunities, won + lost as closed, won, lost, open,
            win_rate, win_rate_by_value, won_value, mean_won_value, median_cycle_days_won,
            reason_known, is_won_only, is_lost_value_missing, is_rate_missing, is_small_sample
        from marts.rpt_win_loss
        where period_type = 'all'
        order by segment <> 'all', segment, opportunities desc, segment_value
        """)
    names = reading.segments
    return Figure(
        key="segments",
        title="Where it is won",
        definition="The same for the whole time, by segment as of the opportunity. Reason known:"
        " lost ones with a reason other than “Other”.",
        unit=f"opportunity of new business; money in {reading.currency}",
        period="the whole time",
        basis="closed: won + lost",
        answer=answer,
        parts=[
            Table(
                caption="Wins and losses by segment",
                source="marts.rpt_win_loss",
                pickers=[Picker("segment", "By", "all", names)],
                columns=[
                    Column("segment_value", "Value", labels={"all": "All", **reading.owners}),
                    Column("opportunities", "Opportunities", "number"),
                    Column("closed", "Closed (n)", "number"),
                    Column("won", "Won", "number"),
                    Column("lost", "Lost", "number"),
                    Column("win_rate", "By count", "share"),
                    Column("win_rate_by_value", "By value", "share"),
                    Column("won_value", "Won value", "money"),
                    Column("mean_won_value", "Mean won value", "money"),
                    Column("median_cycle_days_won", "Median cycle, won", "days"),
                    Column("reason_known", "Reason known", "number"),
                ],
                marks=[LOW_N, _WON_ONLY, _NO_VALUES, _NO_RATE],
                shown=40,
            )
        ],
    )


PAGE = Page(
    key="wins",
    title="Wins and losses",
    lead="How much of what is opened is won, by count and by value, who sourced it, and why the"
    " rest is lost.",
    needs=(
        "marts.rpt_win_loss", "marts.rpt_pipeline", "marts.rpt_loss_reasons",
        "marts.rpt_key_deals", "marts.dim_accounts", "marts.dim_owners", "agreement.segments",
        "agreement.settings",
    ),
    figures=_figures,
)  # fmt: skip
