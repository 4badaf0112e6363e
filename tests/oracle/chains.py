"""What one record's field went through, where several changes have one moment."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from tests.oracle.signals import Signal


def chained(changes: Iterable[Signal]) -> list[Signal]:
    """Return signals of one record and field by time, those of one moment by old → new.

    Undated ones keep their place: what was before the first change stays first, what a record
    shows today stays last.
    """
    series = list(changes)
    dated = [one for one in series if one.moment]
    first = [one for one in series[:1] if not one.moment]
    last = [one for one in series[1:] if not one.moment]
    ordered: list[Signal] = []
    for moment in sorted({_when(one) for one in dated}):
        ordered += _walk([one for one in dated if _when(one) == moment])
    return [*first, *ordered, *last]


def _when(one: Signal) -> tuple[object, bool, datetime]:
    assert one.moment
    return one.moment.day, one.moment.is_timed, one.moment.start


def _walk(group: list[Signal]) -> list[Signal]:
    """Follow old → new from a change that nothing in the group leads to.

    A chain that is closed has no such change: it begins at the smallest id. The value before the
    first change comes before the chain, what a record shows today behind all that was changed.
    """
    walked = [one for one in group if not one.is_change and not one.is_shown]
    shown = [one for one in group if one.is_shown]
    waiting = sorted((one for one in group if one.is_change), key=lambda one: one.key)
    value = ""
    while waiting:
        following = [one for one in waiting if value and one.old == value]
        starts = [
            one
            for one in waiting
            if not any(one.old and one.old == other.value for other in waiting if other is not one)
        ]
        taken = (following or starts or waiting)[0]
        waiting.remove(taken)
        walked.append(taken)
        value = taken.value
    return [replace(one, chain=place) for place, one in enumerate(walked)] + shown
