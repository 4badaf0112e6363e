"""How values are written for people."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from orchestration.report.figure import Kind

NOTHING = "–"

# How a number is written by what its target counts: of a clock it is the share that was met, where
# it is not the minutes themselves.
KIND_OF_UNIT: Mapping[str, Kind] = {
    "minutes": "share",
    "elapsed_minutes": "minutes",
    "fraction": "share",
    "days": "days",
    "currency": "money",
    "currency_per_day": "money",
    "share": "share",
    "count": "number",
    "money": "money",
}


def worded(value: Any, kind: Kind = "text") -> str:
    """Return the text of a value; of nothing a dash."""
    return NOTHING if value is None else _WORDS[kind](value)


def worded_difference(value: Any, kind: Kind) -> str:
    """Return the text of a difference of two numbers, with its sign; of two shares, in points."""
    if kind == "share":
        return worded(value, "points")
    sign = "+" if value is not None and value > 0 else ""
    return sign + worded(value, kind)


def sort_value(value: Any, kind: Kind = "text") -> float | str | None:
    """Return what a table sorts by: a number as it is, a day as ISO text, else the text."""
    if value is None:
        return None
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        # Twelve digits: more are the chance of an order of adding up.
        return float(f"{value:.12g}") if isinstance(value, float) else int(value)
    return worded(value, kind)


def is_numeric(kind: Kind) -> bool:
    """Whether values of a kind stand right-aligned."""
    return kind in {"number", "decimal", "share", "points", "money", "days", "minutes"}


def _share(value: float) -> str:
    return f"{100 * value:.1f}".removesuffix(".0") + " %"


def _points(value: float) -> str:
    return f"{100 * value:+.1f}".removesuffix(".0") + " pt"


def _money(value: float) -> str:
    return f"{value:,.0f}"


def _days(value: float) -> str:
    return f"{value:,.1f}".removesuffix(".0") + " d"


def _decimal(value: float) -> str:
    return f"{value:,.2f}"


def _month(value: date) -> str:
    return f"{value:%b %Y}"


def _moment(value: datetime) -> str:
    return f"{value:%Y-%m-%d %H:%M}"


_WORDS: Mapping[Kind, Callable[[Any], str]] = {
    "text": str,
    "code": str,
    "number": lambda value: f"{value:,.0f}",
    "decimal": _decimal,
    "share": _share,
    "points": _points,
    "money": _money,
    "days": _days,
    "minutes": lambda value: f"{value:,.0f} min",
    "date": str,
    "month": _month,
    "moment": _moment,
    "flag": lambda value: "yes" if value else "no",
}
