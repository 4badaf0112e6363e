"""Plain words and Markdown for what the agreement says in keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ingestion.agreement.qualification import Test
    from ingestion.agreement.stages import Criterion

_FIELDS = {
    "status": "status is",
    "lifecycle_stage": "lifecycle stage is",
    "activity": "activity:",
    "opportunity_stage": "opportunity is in",
    "opportunity_outcome": "opportunity is",
}


def grid(headers: tuple[str, ...], rows: Iterable[tuple[object, ...]]) -> list[str]:
    """Return a Markdown table as lines with an empty line after it; one sentence if it is empty."""
    body = [_row(tuple(_cell(value) for value in row)) for row in rows]
    if not body:
        return ["None agreed.", ""]
    return [_row(headers), _row(tuple("---" for _ in headers)), *body, ""]


def _row(cells: tuple[str, ...]) -> str:
    return f"| {' | '.join(cells)} |"


def _cell(value: object) -> str:
    if value is None or value == "":
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return number(value)
    return str(value).replace("|", "\\|").replace("\n", " ")


def words(key: str) -> str:
    """Return a key as words."""
    return key.replace("_", " ")


def number(value: float) -> str:
    """Return a number without needless digits, thousands apart."""
    return f"{value:,.12g}" if value % 1 else f"{value:,.0f}"


def minutes(value: float) -> str:
    """Return business minutes as people say them."""
    unit, count = ("hour", value / 60) if value % 60 == 0 else ("minute", value)
    return f"{number(count)} business {unit}{'' if count == 1 else 's'}"


def share(value: float) -> str:
    """Return a fraction as a percentage."""
    return f"{value * 100:.12g} %"


def criterion(one: Criterion) -> str:
    """Return a criterion in words."""
    where = f" (in {one.source})" if one.source else ""
    if one.score:
        return f"score is at least {number(one.score.at_least)}{where}"
    return f"{_FIELDS[one.field]} {' or '.join(words(value) for value in one.values)}{where}"


def criteria(found: tuple[Criterion, ...]) -> str:
    """Return criteria of which any is enough."""
    return "; or ".join(criterion(one) for one in found)


def test(one: Test) -> str:
    """Return a rule or trait in words."""
    name = words(one.field.replace(".", " "))
    if one.any_of is not None:
        return f"{name} is {' or '.join(one.any_of)}"
    if one.at_least is not None and one.at_most is not None:
        return f"{name} is between {number(one.at_least)} and {number(one.at_most)}"
    if one.at_least is not None:
        return f"{name} is at least {number(one.at_least)}"
    return f"{name} is at most {number(one.at_most or 0)}"
