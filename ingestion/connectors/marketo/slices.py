"""A window as the periods that one bulk extract may cover."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

_LONGEST = timedelta(days=31)
_SECOND = timedelta(seconds=1)


def slices(start: datetime, end: datetime) -> list[tuple[datetime, datetime]]:
    """Return periods of 31 days at the most, from `start` until `end`; each begins where one ends.

    Both are aware; the periods are UTC. Marketo takes whole seconds only: the first period begins
    at the second of `start`, and the last one ends at the next whole second, never before `end`.
    Whether a period holds its own end is for Marketo to say: what changed at a seam is in one of
    two periods, or in both. There are none if `end` is not after `start`.
    """
    begin, until = (one.astimezone(UTC).replace(microsecond=0) for one in (start, end))
    if until < end:
        until += _SECOND
    found = []
    while begin < until:
        found.append((begin, min(begin + _LONGEST, until)))
        begin = found[-1][1]
    return found
