"""Plain words and Markdown for what the agreement says in keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ingestion.agreement.criteria import Criterion
    from ingestion.agreement.qualification import Test

_FIELDS = {
    "activity": "activity:",
    "opportunity_stage": "opportunity is in",
    "opportunity_outcome": "opportunity is",
    "renewal_outcome": "renewal is",
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


def criterion(one: Criterion, *, is_negated: bool = False) -> str:
    """Return a criterion in words, or its contrary."""
    if one.field == "not":
        return criterion(one.parts[0], is_negated=not is_negated)
    if one.parts:
        joint = ", and " if one.field == "all" else ", or "
        parts = joint.join(_inner(part) for part in one.parts)
        return f"not ({parts})" if is_negated else parts
    said = _activity(one, is_negated) if one.field == "activity" else _state(one, is_negated)
    return f"{said} (in {one.source})" if one.source else said


def _inner(part: Criterion) -> str:
    is_group = len(part.parts) > 1
    return f"({criterion(part)})" if is_group else criterion(part)


def _activity(one: Criterion, is_negated: bool) -> str:
    said = f"activity: {_choice(one)}"
    count = one.count or 1
    if is_negated and count == 1:
        said = f"no {said}"
    elif is_negated or one.count:
        often = "once" if count == 1 else f"{number(count)} times"
        said += f" {'fewer than' if is_negated else 'at least'} {often}"
    if one.within_days:
        said += f" within {number(one.within_days)} day{'' if one.within_days == 1 else 's'}"
    return said


def _state(one: Criterion, is_negated: bool) -> str:
    if one.field == "account.is_active_customer":
        is_customer = one.values == ("true",)
        return f"account is {'an' if is_customer != is_negated else 'no'} active customer"
    name = _FIELDS.get(one.field, f"{words(one.field.replace('.', ' '))} is")
    if is_negated:
        name = name.replace(" is", " is not", 1)
    return f"{name} {_between(*one.bounds) if one.bounds else _choice(one)}"


def _choice(one: Criterion) -> str:
    return " or ".join(words(value) for value in one.values)


def _between(at_least: float | None, at_most: float | None) -> str:
    if at_least is not None and at_most is not None:
        return f"between {number(at_least)} and {number(at_most)}"
    if at_least is not None:
        return f"at least {number(at_least)}"
    return f"at most {number(at_most or 0)}"


def criteria(found: tuple[Criterion, ...]) -> str:
    """Return criteria of which any is enough."""
    return "; or ".join(criterion(one) for one in found)


def test(one: Test) -> str:
    """Return a rule or trait in words."""
    name = words(one.field.replace(".", " "))
    if one.any_of is not None:
        return f"{name} is {' or '.join(one.any_of)}"
    return f"{name} is {_between(one.at_least, one.at_most)}"
