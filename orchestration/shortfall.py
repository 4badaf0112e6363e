"""What a person lacks for a stage: each criterion of the agreement beside what is known."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import date

    from orchestration.story import Condition, Criterion, Signal, Story

_TRAITS = ("person.", "account.")


@dataclass(frozen=True)
class Finding:
    """Whether a condition holds by what is known last (None: not known), and what that is.

    `met_on` is the day, in the reporting zone, of the signal that satisfies it.
    """

    is_met: bool | None
    known: str
    met_on: date | None = None


def shortfalls(story: Story) -> Iterator[tuple[str, list[str]]]:
    """Give, for each stage that the newest pass has not entered, its label and what is lacking.

    One line a criterion of the version in force, a compound one with a line for each condition.
    """
    newest = max((move.pass_number for move in story.moves), default=0)
    entered = {move.to_stage for move in story.moves if move.pass_number == newest}
    started = min(
        (move.day for move in story.moves if move.pass_number == newest and move.day), default=None
    )
    for stage in story.stages:
        if stage.key in entered:
            continue
        lines = [
            line
            for criterion in story.criteria.get(stage.key, ())
            for line in _criterion_lines(criterion, story, started if newest > 1 else None)
        ]
        if not lines:
            lines = ["no signal enters it: it counts as reached when a later stage is entered"]
        elif stage.key in story.implied:
            lines.append("counts as reached all the same: a later stage was entered")
        yield stage.label, lines


def _criterion_lines(criterion: Criterion, story: Story, started: date | None) -> Iterator[str]:
    if len(criterion) == 1 and len(criterion[0]) == 1:
        yield _line(criterion[0][0], story, started)
        return
    for number, alternative in enumerate(criterion):
        yield "all of" if number == 0 else "or all of"
        for condition in alternative:
            yield "  " + _line(condition, story, started)


def _line(condition: Condition, story: Story, started: date | None) -> str:
    found = (
        _trait(condition, story.traits)
        if condition.field.startswith(_TRAITS)
        else _activities(condition, story.signals)
        if condition.field == "activity"
        else _last_value(condition, story.signals)
    )
    is_met = found.is_met if found.is_met is None or not condition.is_negated else not found.is_met
    verdict = {True: "met", False: "not met", None: "not known"}[is_met]
    line = f"{'not ' if condition.is_negated else ''}{_told(condition)}: {verdict}, {found.known}"
    if is_met and not condition.is_negated and started and found.met_on and found.met_on < started:
        line += ", before this pass began"
    return line


def _told(condition: Condition) -> str:
    name = condition.field.replace("_", " ")
    source = f" ({condition.source})" if condition.source else ""
    if not condition.values:
        bounds = [
            f"{words} {bound:g}"
            for words, bound in (("at least", condition.minimum), ("at most", condition.maximum))
            if bound is not None
        ]
        return f"{name} {' and '.join(bounds)}{source}"
    told = f"{name} {' or '.join(condition.values)}{source}"
    if condition.count > 1:
        told = f"{condition.count} times {told}"
    if condition.within_days:
        told += f" within {condition.within_days} days"
    return told


def _satisfies(condition: Condition, value: object) -> bool:
    if condition.values:
        return str(value) in condition.values
    try:
        number = float(str(value))
    except ValueError:
        return False
    return (condition.minimum is None or number >= condition.minimum) and (
        condition.maximum is None or number <= condition.maximum
    )


def _looked_at(condition: Condition, signals: Sequence[Signal]) -> list[Signal]:
    return [
        one
        for one in signals
        if one.field == condition.field and condition.source in (None, one.source)
    ]


def _last_value(condition: Condition, signals: Sequence[Signal]) -> Finding:
    """A record's value is the one it took last; one record that satisfies is enough."""
    looked_at = _looked_at(condition, signals)
    if not looked_at:
        return Finding(False, "no value is known")
    last = {one.record_key: one for one in looked_at}
    satisfying = [one for one in looked_at if _satisfies(condition, one.value)]
    now = [one for one in last.values() if _satisfies(condition, one.value)]
    if now:
        return Finding(True, _dated(now[-1]), now[-1].day)
    known = ", ".join(_dated(one) for one in last.values())
    if satisfying:
        known += f"; it was: {_dated(satisfying[-1])}"
    return Finding(False, known)


def _activities(condition: Condition, signals: Sequence[Signal]) -> Finding:
    found = [one for one in _looked_at(condition, signals) if _satisfies(condition, one.value)]
    if not found:
        return Finding(False, "none")
    most = len(found)
    if condition.within_days:
        moments = sorted(one.moment for one in found if one.moment)
        window = timedelta(days=condition.within_days)
        most = max(
            (sum(end - window <= one <= end for one in moments) for end in moments), default=0
        )
    if most >= condition.count:
        times = f"{len(found)} times, last: " if len(found) > 1 else ""
        return Finding(True, times + _dated(found[-1]), found[-1].day)
    within = f" within {condition.within_days} days" if condition.within_days else ""
    return Finding(False, f"at most {most}{within}, last: {_dated(found[-1])}")


def _trait(condition: Condition, traits: Mapping[str, object]) -> Finding:
    if condition.field not in traits:
        return Finding(None, "the public tables do not hold it")
    value = traits[condition.field]
    if value is None:
        return Finding(False, "no value is known")
    return Finding(_satisfies(condition, value), str(value))


def _dated(signal: Signal) -> str:
    value = as_told(signal.field, signal.value)
    return f"{value} on {signal.day}" if signal.day else f"{value}, undated"


def as_told(field: str, value: str | None) -> str:
    """Return a value as people read it: 45 and not 45.0, `nothing` for null."""
    if value is None:
        return "nothing"
    if field != "score":
        return value
    try:
        return f"{float(value):g}"
    except ValueError:
        return value
