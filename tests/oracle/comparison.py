"""Histories on which the warehouse and the oracle disagree, and the smallest such ones."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any

from tests.oracle.agreement import the_agreement
from tests.oracle.history import History, Opportunity, Person
from tests.oracle.oracle import results_of
from tests.oracle.world import RANDOM_WORLD

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from tests.oracle.history import Row
    from tests.oracle.transitions import PersonResult
    from tests.oracle.warehouse import Builder

# How many candidates of one history are tried in a build: a build of 500 takes about as long as
# one of 50, so that a round is used well.
_CANDIDATES = 120


@dataclass(frozen=True)
class Difference:
    """A history with the persons that the oracle and the warehouse see in it."""

    number: int
    history: History
    expected: tuple[PersonResult, ...]
    actual: tuple[PersonResult, ...]


def differences(numbered: Iterable[tuple[int, History]], builder: Builder) -> list[Difference]:
    """Build all histories at once and return those that come out differently."""
    histories = dict(numbered)
    built = builder.results_of([(f"h{number}", one) for number, one in histories.items()])
    rules = the_agreement()
    found = []
    for number, history in histories.items():
        expected = _sorted(results_of(history, rules, RANDOM_WORLD))
        actual = _sorted(built.get(f"h{number}", []))
        if expected != actual:
            found.append(Difference(number, history, expected, actual))
    return found


def shrunk(found: Sequence[Difference], builder: Builder, rounds: int = 30) -> list[Difference]:
    """Return each difference on the smallest history that was found to show one.

    A round builds the candidates of all histories at once: first blocks of rows are left out,
    later single rows, in the end single values.
    """
    smallest = {one.number: one for one in found}
    growing = set(smallest)
    for _ in range(rounds):
        tried = {
            (number, place): candidate
            for number in sorted(growing)
            for place, candidate in enumerate(_smaller(smallest[number].history))
            if place < _CANDIDATES
        }
        if not tried:
            break
        keys = list(tried)
        still = differences(((place, tried[key]) for place, key in enumerate(keys)), builder)
        best: dict[int, Difference] = {}
        for one in still:
            number = keys[one.number][0]
            if number not in best or _size(one.history) < _size(best[number].history):
                best[number] = replace(one, number=number)
        smallest |= best
        growing = set(best)
    return [smallest[one.number] for one in found]


def _smaller(history: History) -> Iterator[History]:
    rows = history.rows
    seen = set()
    size = max(len(rows) // 2, 1)
    while size:
        for start in range(0, len(rows), size):
            kept = _whole([*rows[:start], *rows[start + size :]])
            if kept and kept not in seen:
                seen.add(kept)
                yield History(kept)
        size //= 2
    for place, row in enumerate(rows):
        for name in _OPTIONAL & {one.name for one in fields(row)}:
            is_needed = name == "outcome" and isinstance(row, Opportunity) and row.closed_at
            if getattr(row, name) and not is_needed:
                blank = _with(row, {name: ""})
                yield History((*rows[:place], blank, *rows[place + 1 :]))


_OPTIONAL = {
    "status", "status_at", "lifecycle_stage", "lifecycle_stage_at", "score", "stage_at", "owner",
    "converted_opportunity_id", "closed_at", "outcome", "deleted_at",
}  # fmt: skip


def _whole(rows: list[Row]) -> tuple[Row, ...]:
    """Leave out rows whose record is gone, and links to it."""
    persons = {row.key for row in rows if isinstance(row, Person)}
    deals = {row.key for row in rows if isinstance(row, Opportunity) and row.person in persons}
    kept: list[Row] = []
    for row in rows:
        if isinstance(row, Person):
            links: dict[str, Any] = {
                name: ""
                for name, known in (
                    ("linked_id", persons), ("converted_id", persons), ("merged_into_id", persons),
                    ("converted_opportunity_id", deals),
                )
                if getattr(row, name) not in known
            }  # fmt: skip
            kept.append(_with(row, links))
        elif isinstance(row, Opportunity):
            kept += [row] if row.key in deals else []
        else:
            names = [getattr(row, name, "") for name in ("record", "person", "opportunity")]
            kept += [row] if {name for name in names if name} <= persons | deals else []
    return tuple(kept)


def _with(row: Any, values: dict[str, Any]) -> Row:
    changed: Row = replace(row, **values)
    return changed


def _size(history: History) -> int:
    """Return how much there is to read: rows first, then values."""
    values = sum(
        1 for row in history.rows for one in fields(row) if getattr(row, one.name) not in ("", None)
    )
    return 1000 * len(history.rows) + values


def _sorted(results: Iterable[PersonResult]) -> tuple[PersonResult, ...]:
    return tuple(sorted(results, key=lambda one: sorted(one.records)))


# -- To be read ------------------------------------------------------------------------------


def shown(difference: Difference) -> str:
    """Return a history and both results, line by line; `*` marks lines that one side lacks."""
    lines = [f"History {difference.number}", "  rows, by time:"]
    lines += [f"    {_row(row)}" for row in sorted(difference.history.rows, key=_time)]
    expected, actual = _lines(difference.expected), _lines(difference.actual)
    for title, own, other in (
        ("oracle", expected, actual),
        ("warehouse", actual, expected),
    ):
        lines.append(f"  {title}:")
        lines += [f"  {' ' if line in other else '*'} {line}" for line in own]
    return "\n".join(lines)


def _row(row: Row) -> str:
    values = {one.name: getattr(row, one.name) for one in fields(row)}
    said = {name: value for name, value in values.items() if value not in ("", None)}
    pairs = " ".join(f"{name}={value}" for name, value in said.items() if name != "key")
    return f"{type(row).__name__:12} {row.key:16} {pairs}"


def _time(row: Row) -> str:
    return getattr(row, "at", "") or getattr(row, "created_at", "")


def _lines(persons: Iterable[PersonResult]) -> list[str]:
    lines = []
    for person in persons:
        lines.append(f"person {' '.join(sorted(person.records))}")
        lines += [
            f"  {one.pass_number}.{one.transition_number:<2} {one.kind:10} "
            f"{one.from_stage or '-':>12} → {one.to_stage:12} {one.transition_at or 'undated'} "
            f"{one.precision or ''} {one.evidence or ''}"
            for one in person.transitions
        ]
        lines += [
            f"  pass {one.pass_number}: {one.outcome}, {one.started_at} to {one.ended_at}, "
            f"at {one.current_stage}, furthest {one.furthest_stage}"
            for one in person.passes
        ]
    return lines
