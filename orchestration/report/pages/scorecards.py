"""Scorecards: what each period was when it closed, and what late data made of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestration.report.figure import Column, Figure, Mark, Picker, Table
from orchestration.report.page import Page

if TYPE_CHECKING:
    from collections.abc import Iterator

    from orchestration.report.reading import Reading

_TYPES = {"month": "Month", "quarter": "Fiscal quarter"}
_RESTATED = Mark("is_restated", "restated", "late data made something else of a closed period")
_RUNNING = Mark("is_open", "not closed", "the period runs, or its grace does")
_LOW = Mark("is_small_sample", "low n", "fewer than the agreed minimum sample")
_STATES = {"met": "✓ met", "missed": "✕ missed", "running": "… running"}


def _figures(reading: Reading) -> Iterator[Figure]:
    yield _cards(reading)
    yield _restatements(reading)


def _cards(reading: Reading) -> Figure:
    answer = reading.ask(f"""
        with sides as (
            select team, metric, period_type, period_start,
                max(target) filter (kind <> 'restated') as target,
                max(actual) filter (kind <> 'restated') as actual,
                max(n) filter (kind <> 'restated') as n,
                max(status) filter (kind <> 'restated') as status,
                max(previous_actual) filter (kind <> 'restated') as previous_actual,
                max(change) filter (kind <> 'restated') as change,
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
        select s.*, coalesce(d.target_unit, 'count') as unit,
            s.n < {reading.minimum_sample} and coalesce(d.target_unit, 'count') <> 'count'
                as is_small_sample
        from sides as s
        left join marts.dim_slas as d on s.metric = d.sla and d.is_in_force
        order by s.period_type, s.period_start desc, s.team, s.metric
        """)
    metrics = {**reading.slas, "won": "Opportunities won", "lost": "Opportunities lost"}
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
                    Picker("team", "Team", "marketing"),
                ],
                columns=[
                    Column("metric", "Metric", labels=metrics),
                    Column("period_start", "Period from", "month"),
                    Column("target", "Target", unit="unit"),
                    Column("actual", "As published", unit="unit"),
                    Column("n", "n", "number"),
                    Column("status", "Status", labels=_STATES),
                    Column("previous_actual", "Period before", unit="unit"),
                    Column("change", "Change", unit="unit"),
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
        select f.team, f.metric, f.period_type, f.period_start, f.actual, f.n,
            r.actual as restated_actual, r.n as restated_n, r.actual - f.actual as difference,
            f.status, r.status as restated_status,
            f.status is distinct from r.status as is_turned,
            coalesce(d.target_unit, 'count') as unit
        from marts.rpt_scorecards as f
        inner join marts.rpt_scorecards as r using (team, metric, period_type, period_start)
        left join marts.dim_slas as d on f.metric = d.sla and d.is_in_force
        where f.kind = 'frozen' and r.kind = 'restated'
        order by f.period_start desc, f.team, f.metric
        """)
    metrics = {**reading.slas, "won": "Opportunities won", "lost": "Opportunities lost"}
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
                    Column("metric", "Metric", labels=metrics),
                    Column("team", "Team"),
                    Column("period_start", "Period from", "month"),
                    Column("period_type", "Period", labels=_TYPES),
                    Column("actual", "As published", unit="unit"),
                    Column("n", "n", "number"),
                    Column("restated_actual", "As known now", unit="unit"),
                    Column("restated_n", "n now", "number"),
                    Column("difference", "Difference", unit="unit"),
                    Column("status", "Status then", labels=_STATES),
                    Column("restated_status", "Status now", labels=_STATES),
                ],
                marks=[turned],
            )
        ],
    )


PAGE = Page(
    key="scorecards",
    title="Scorecards",
    lead="What each month and quarter was when it closed, and what is known of it now.",
    needs=("marts.rpt_scorecards", "marts.dim_slas", "agreement.settings"),
    figures=_figures,
)
