"""What stands on the scorecards of an agreement: whose, which figure, in which periods."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ingestion.agreement.version import Agreement, Version

BOTH = "both"
PERIODS = ("month", "quarter")

# Figures that every agreement has, and whose scorecards they stand on; int_scorecard_figures makes
# them.
FIGURES: dict[str, tuple[str, ...]] = {
    "handoffs": ("marketing", BOTH),
    "complete_share": ("marketing", BOTH),
    "acceptance": ("marketing", BOTH),
    "pipeline_created": (BOTH,),
    "pipeline_sourced:marketing": ("marketing",),
    "pipeline_sourced:sales": ("sales",),
    "pipeline_velocity": ("sales", BOTH),
    "gross_revenue_retention": (BOTH,),
    "won": ("sales", BOTH),
    "lost": ("sales", BOTH),
    "win_rate": ("sales", BOTH),
    "win_rate_by_value": ("sales", BOTH),
    "won_value": ("sales", BOTH),
    "mean_won_value": ("sales", BOTH),
}

# Metric of a target -> the figure that is held against it, where that is called otherwise.
_FIGURE_OF_TARGET = {"won_opportunities": "won"}

Metrics = dict[tuple[str, str], tuple[str, ...]]
Row = tuple[str, str, tuple[str, ...]]


def scorecard_metrics(agreement: Agreement) -> Metrics:
    """Return (team, metric) -> kinds of period, of all that any version puts on a scorecard.

    The team is `marketing`, `sales`, `customer_success` or `both`. Volumes and shares that an SLA
    promises have their own kind of period, all else has both.
    """
    found: Metrics = {}
    for version in agreement.versions:
        for team, metric, periods in (
            *_reported(), *_promised(version), *_staged(version), *_targeted(version)
        ):  # fmt: skip
            known = found.get((team, metric), ())
            found[team, metric] = tuple(sorted({*known, *periods}))
    return found


def _reported() -> Iterator[Row]:
    for metric, teams in FIGURES.items():
        for team in teams:
            yield team, metric, PERIODS


def _promised(version: Version) -> Iterator[Row]:
    for team, sla in version.slas_by_team():
        if sla.is_clock:
            yield team, sla.key, PERIODS
            yield team, f"minutes:{sla.key}", PERIODS
        else:
            yield team, sla.key, (sla.period,)


def _staged(version: Version) -> Iterator[Row]:
    stages = sorted((one for one in version.stages if not one.moves_to), key=lambda one: one.rank)
    for stage in stages:
        for team in (stage.team, BOTH):
            yield team, f"stage:{stage.key}", PERIODS
    roles = {role: stage for stage in stages for role in version.roles(stage)}
    pairs = list(pairwise(stages))
    if "marketing_qualified" in roles and "won" in roles:
        pairs.append((roles["marketing_qualified"], roles["won"]))
    for start, end in pairs:
        for team in (end.team, BOTH):
            for figure in ("conversion", "velocity"):
                yield team, f"{figure}:{start.key}:{end.key}", PERIODS


def _targeted(version: Version) -> Iterator[Row]:
    for target in version.reporting.targets:
        metric = _FIGURE_OF_TARGET.get(target.metric, target.metric)
        for team in (target.team, BOTH):
            yield team, metric, PERIODS
