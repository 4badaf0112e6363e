"""How an opportunity closes, as far as its stages and its record tell (docs/opportunities.md)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import groupby
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.oracle.moments import Moment
    from tests.oracle.signals import Signal
    from tests.oracle.world import World

_MEANT = {"closed_won": "won", "closed_lost": "lost"}


@dataclass(frozen=True)
class Stay:
    """A time in which an opportunity was open, won or lost."""

    outcome: str
    since: Moment | None
    evidence: str
    origin: Signal | None = None
    """The stage that tells of it; None if the record's closing date does."""
    is_dated: bool = True


def closings_of(
    stages: list[Signal], outcome: str, closed: Moment | None, world: World
) -> list[Stay]:
    """Return the closings of an opportunity by `as_of`, the last one undated if nobody knows.

    `stages` are what its stage went through, what the record shows last; `outcome` and `closed`
    are the record's.
    """
    stays = _stays(stages, world)
    if stays:
        stays = _corrected(stays, outcome or "open", closed)
    happened = [one for one in stays if world.knows(one.since)]
    told = [next(group) for _, group in groupby(happened, key=lambda one: one.outcome)]
    return [
        one
        for number, one in enumerate(told)
        if one.outcome != "open" and (one.is_dated or number == len(told) - 1)
    ]


def _stays(stages: list[Signal], world: World) -> list[Stay]:
    """Join stages that mean the same: each stay begins with its first dated change."""
    told = [
        Stay(
            _meant(one, world),
            one.moment,
            one.evidence,
            one,
            is_dated=one.is_change or (one.evidence == "stamped" and one.moment is not None),
        )
        for one in stages
    ]
    joined = []
    for _, group in groupby(told, key=lambda one: one.outcome):
        stays = list(group)
        joined.append(next((one for one in stays if one.is_dated), stays[0]))
    return joined


def _meant(one: Signal, world: World) -> str:
    """Return what a stage means: what the records agree on goes before its name."""
    agreed = world.stage_outcomes.get((one.source, one.value))
    return agreed or _MEANT.get(one.value, "open")


def _corrected(stays: list[Stay], outcome: str, closed: Moment | None) -> list[Stay]:
    """Believe the record, but not a closing date that is older than a reopening."""
    *earlier, last = stays
    is_agreed = last.outcome == outcome
    if outcome != "open" and closed and _may_date(stays, closed, is_agreed=is_agreed):
        stamped = Stay(outcome, closed, "stamped")
        if not is_agreed:
            return [*stays, stamped]
        opened = earlier or [Stay("open", None, "inferred", is_dated=False)]
        return [*opened, stamped]
    if is_agreed:
        return stays
    return [*earlier, replace(last, outcome=outcome, is_dated=False)]


def _may_date(stays: list[Stay], closed: Moment, *, is_agreed: bool) -> bool:
    if len(stays) == 1 or (len(stays) == 2 and is_agreed):
        return True
    reopened = stays[-2].since if is_agreed else stays[-1].since
    return reopened is not None and closed.day >= reopened.day
