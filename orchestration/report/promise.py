"""A number that was promised, as a tile: the last period that is over, its target and its way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from orchestration.report.figure import LOW_N, Tile
from orchestration.report.wording import KIND_OF_UNIT, worded

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from orchestration.report.figure import Kind

_PERIODS = 12


def tile_of(rows: Sequence[Mapping[str, Any]], running: date, href: str = "") -> Tile:
    """Return the tile of one promise by its periods, oldest first.

    The rows have `row_key`, `team`, `label`, `unit` (what the target counts: minutes, share, count
    or money), `period_type`, `period_start`, `goal`, `actual`, `n` and `is_small_sample`. `running`
    is the first day of the period that is not over: it is told beside the last one that is.
    """
    closed = [one for one in rows if one["period_start"] < running]
    last = closed[-1] if closed else rows[-1]
    before = closed[-2] if len(closed) > 1 else None
    kind = KIND_OF_UNIT[last["unit"]]
    goal = last["goal"]
    return Tile(
        row=last["row_key"],
        label=last["label"],
        value=last["actual"],
        told=worded(last["actual"], kind),
        status=_status(last, is_over=bool(closed)),
        target="no target agreed" if goal is None else f"target {worded(goal, kind)}",
        trend=_trend(last, before, kind),
        basis=f"{period_name(last)}, n = {worded(last['n'], 'number')}",
        running=_running(rows, running, kind),
        owner=last["team"].replace("_", " "),
        series=[one["actual"] for one in closed[-_PERIODS:]],
        goal=goal,
        marks=[LOW_N] if last["is_small_sample"] and kind == "share" else [],
        href=href,
    )


def period_name(row: Mapping[str, Any]) -> str:
    """Return what people call a period: a month by its name, a quarter by its first month."""
    start: date = row["period_start"]
    return f"{start:%b %Y}" if row["period_type"] == "month" else f"quarter from {start:%b %Y}"


def _status(
    row: Mapping[str, Any], *, is_over: bool
) -> Literal["met", "missed", "running", "none"]:
    if not is_over:
        return "running"
    if row["actual"] is None or row["goal"] is None:
        return "none"
    return "met" if row["actual"] >= row["goal"] else "missed"


def _trend(last: Mapping[str, Any], before: Mapping[str, Any] | None, kind: Kind) -> str:
    if before is None or last["actual"] is None or before["actual"] is None:
        return "no period to compare with"
    change = last["actual"] - before["actual"]
    arrow = "▲" if change > 0 else "▼" if change < 0 else "■"
    told = worded(change, "points") if kind == "share" else f"{change:+,.0f}"
    return f"{arrow} {told} on {period_name(before)}"


def _running(rows: Sequence[Mapping[str, Any]], running: date, kind: Kind) -> str:
    now = next((one for one in rows if one["period_start"] == running), None)
    if now is None or now["actual"] is None:
        return ""
    return f"Running: {worded(now['actual'], kind)} of n = {worded(now['n'], 'number')}"
