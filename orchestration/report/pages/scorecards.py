"""Scorecards: what each period was when it closed, and what late data made of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestration.report.figure import Column, Figure, Mark, Picker, Table
from orchestration.report.page import Page

if TYPE_CHECKING:
    from collections.abc import Iterator

    from orchestration.report.reading import Reading

_TEAMS = {
    "marketing": "Marketing",
    "sales": "Sales",
    "customer_success": "Customer success",
    "both": "Both together",
}
_TYPES = {"month": "Month", "quarter": "Fiscal quarter"}
_RESTATED = Mark("is_restated", "restated", "late data made something else of a closed period")
_RUNNING = Mark("is_open", "not closed", "the period runs, or its grace does")
_LOW = Mark("is_small_sample", "low n", "fewer than the agreed minimum sample")
_OVERDUE = Mark("is_overdue", "overdue", "open, and its day is over")
_EXPECTATIONS = {"change": "a change of", "at_least": "at least", "at_most": "at most"}
_STATES = {"met": "✓ met", "missed": "✕ missed", "running": "… running"}


def _figures(reading: Reading) -> Iterator[Figure]:
    yield _cards(reading)
    yield _restatements(reading)
    yield _actions(reading)


def _cards(reading: Reading) -> Figure:
    answer = reading.ask(f"""
        with sides as (
            select team, metric, label, period_type, period_start,
                replace(unit, 'minutes', 'elapsed_minutes') as unit,
                max(target) filter (kind <> 'restated') as target,
                max(actual) filter (kind <> 'restated') as actual,
                max(n) filter (kind <> 'restated') as n,
                max(status) filter (kind <> 'restated') as status,
                max(previous_actual) filter (kind <> 'restated') as previous_actual,
                max(change) filter (kind <> 'restated') as change,
                max(year_change) filter (kind <> 'restated') as year_change,
                max(frozen_at) as frozen_at,
                max(actual) filter (kind = 'restated') as restated_actual,
                max(n) filter (kind = 'restated') as restated_n,
                max(status) filter (kind = 'restated') as restated_status,
                bool_or(kind = 'restated') as is_restated,
                bool_or(kind = 'current') as is_open,
                max(agreement_version) as agreement_version
            from marts.rpt_scorecards
            where period_start > date '{reading.as_of_date}' - interval 40 month
            group by all
        )
        select *, n < {reading.minimum_sample} and unit not in ('count', 'currency')
                as is_small_sample
        from sides
        order by period_type, period_start desc, team, target is null, label, metric
        """)
    return Figure(
        key="cards",
        title="Every period, frozen and restated side by side",
        definition="Once a period and its grace are over, its figures stay as they were published"
        " then. What late data make of them stands beside them and replaces nothing. Of a clock the"
        " figure is the share that was met; of a volume or number the number itself.",
        unit="clock, hand-off or opportunity, as each metric says",
        period="as picked, the last forty months",
        basis="clocks, hand-offs or opportunities behind the figure",
        answer=answer,
        parts=[
            Table(
                caption="Scorecards",
                source="marts.rpt_scorecards",
                pickers=[
                    Picker("period_type", "Period", "quarter", _TYPES),
                    Picker("team", "Team", "marketing", _TEAMS),
                ],
                columns=[
                    Column("label", "Metric"),
                    Column("period_start", "Period from", "month"),
                    Column("target", "Target", unit="unit"),
                    Column("actual", "As published", unit="unit"),
                    Column("n", "n", "number"),
                    Column("status", "Status", labels=_STATES),
                    Column("previous_actual", "Period before", unit="unit"),
                    Column("change", "Change", unit="unit", is_difference=True),
                    Column("year_change", "on the year before", unit="unit", is_difference=True),
                    Column("restated_actual", "Restated", unit="unit"),
                    Column("restated_n", "Restated n", "number"),
                    Column("restated_status", "Restated status", labels=_STATES),
                    Column("frozen_at", "Frozen (UTC)", "moment"),
                    Column("agreement_version", "Version", "number"),
                ],
                marks=[_RESTATED, _RUNNING, _LOW],
                shown=240,
            )
        ],
    )


def _restatements(reading: Reading) -> Figure:
    answer = reading.ask("""
        select f.team, f.metric, f.label, f.period_type, f.period_start, f.actual, f.n,
            r.actual as restated_actual, r.n as restated_n, r.actual - f.actual as difference,
            f.status, r.status as restated_status,
            f.status is distinct from r.status as is_turned,
            replace(f.unit, 'minutes', 'elapsed_minutes') as unit
        from marts.rpt_scorecards as f
        inner join marts.rpt_scorecards as r using (team, metric, period_type, period_start)
        where f.kind = 'frozen' and r.kind = 'restated'
        order by f.period_start desc, f.team, f.metric
        """)
    turned = Mark("is_turned", "turned", "met became missed, or missed became met")
    return Figure(
        key="restatements",
        title="What late data changed",
        definition="Closed periods of which something else is known now than was published.",
        unit="as each metric says",
        period="all closed periods",
        basis="as published, and as known now",
        answer=answer,
        parts=[
            Table(
                caption="Restatements",
                source="marts.rpt_scorecards",
                columns=[
                    Column("label", "Metric"),
                    Column("team", "Team", labels=_TEAMS),
                    Column("period_start", "Period from", "month"),
                    Column("period_type", "Period", labels=_TYPES),
                    Column("actual", "As published", unit="unit"),
                    Column("n", "n", "number"),
                    Column("restated_actual", "As known now", unit="unit"),
                    Column("restated_n", "n now", "number"),
                    Column("difference", "Difference", unit="unit", is_difference=True),
                    Column("status", "Status then", labels=_STATES),
                    Column("restated_status", "Status now", labels=_STATES),
                ],
                marks=[turned],
            )
        ],
    )


def _actions(reading: Reading) -> Figure:
    answer = reading.ask("""
        select what, team, owner, decided_on, due_date, state, done_on, is_overdue, metric_label,
            period_type, replace(unit, 'minutes', 'elapsed_minutes') as unit, expectation,
            expected_value, base_value, latest_period_start, latest_value, change, is_after_due,
            is_as_expected
        from marts.fct_review_actions
        order by state, due_date, action_key
        """)
    return Figure(
        key="actions",
        title="What reviews decided",
        definition="Each action with its figure in the last period closed before the decision and"
        " in the latest one since. As expected is said of the figure, whoever moved it.",
        unit="action",
        period="all actions decided so far",
        basis="every row is one action",
        answer=answer,
        parts=[
            Table(
                caption="Actions",
                source="marts.fct_review_actions",
                columns=[
                    Column("what", "What"),
                    Column("team", "Team", labels=_TEAMS),
                    Column("owner", "Who answers for it"),
                    Column("decided_on", "Decided", "date"),
                    Column("due_date", "Due", "date"),
                    Column("state", "State"),
                    Column("metric_label", "Figure"),
                    Column("base_value", "Before", unit="unit"),
                    Column("latest_value", "Now", unit="unit"),
                    Column("change", "Change", unit="unit", is_difference=True),
                    Column("expectation", "Expected", labels=_EXPECTATIONS),
                    Column("expected_value", "by or to", unit="unit"),
                    Column("is_as_expected", "As expected", "flag"),
                    Column("is_after_due", "Had its time", "flag"),
                ],
                marks=[_OVERDUE],
            )
        ],
    )


PAGE = Page(
    key="scorecards",
    title="Scorecards",
    lead="What each month and quarter was when it closed, what is known of it now, and what became"
    " of what reviews decided.",
    needs=("marts.rpt_scorecards", "marts.fct_review_actions", "agreement.settings"),
    figures=_figures,
)
