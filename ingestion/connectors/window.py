"""Which stretch of time an extraction asks for, worked out from what has landed.

There is no other memory of how far a source was read: what has landed is the truth, so the two
cannot disagree.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime, timedelta

    from ingestion.landing import Manifest


@dataclass(frozen=True)
class Window:
    """From `start` (None: from the beginning) until `end`, which is not in it; aware and UTC.

    `bookmark` is how far the source was read before; `start` lies before it by the look-back, in
    which rows may still have appeared that were not there to be seen.
    """

    start: datetime | None
    end: datetime
    bookmark: datetime | None = None


def bookmark(loads: Iterable[Manifest]) -> datetime | None:
    """Return until when one object was read without a gap, None if it never was.

    That is the end of the increments that follow each other from the earliest one on; what lies
    behind a gap counts as not read, and a backfill moves nothing.
    """
    increments = [one for one in loads if one.kind == "increment" and one.window_end is not None]
    # None first: what was read from the beginning on has no gap before it.
    increments.sort(
        key=lambda one: (one.window_start is not None, one.window_start, one.window_end)
    )
    reached: datetime | None = None
    for one in increments:
        if reached is not None and one.window_start is not None and one.window_start > reached:
            break
        if one.window_end is not None and (reached is None or one.window_end > reached):
            reached = one.window_end
    return reached


def read_until(loads: Iterable[Manifest]) -> datetime | None:
    """Return until when one object was read, in full or without a gap; None if it never was."""
    known = list(loads)
    full = [one.window_end for one in known if one.kind == "full" and one.window_end is not None]
    reached = bookmark(known)
    return max([*full, *([reached] if reached else [])], default=None)


def next_window(
    loads: Iterable[Manifest], now: datetime, look_back: timedelta, first: datetime | None = None
) -> Window:
    """Return what to ask for next: all until now that was not read, and the look-back before it.

    `now` is fixed before the first request, so that a record which changes meanwhile is in the
    next window and not lost between two; never is it the greatest moment that was seen. `first`
    limits the first extraction. A clock that went back leaves an empty window at the bookmark.
    """
    reached = bookmark(loads)
    if reached is None:
        return Window(first, now)
    start = reached - look_back
    return Window(start if first is None else max(start, first), max(now, reached), reached)
