"""Time in the simulated company: moments, zones with daylight saving, office hours."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import numpy as np

from ingestion.sandbox.chance import some

if TYPE_CHECKING:
    from ingestion.sandbox.arrays import Flags, Moments, Numbers

MINUTE, HOUR, DAY = 60.0, 3600.0, 86400.0
HEADQUARTERS = "America/New_York"
# Where people work; a zone is named by its place here.
ZONES = (
    HEADQUARTERS,
    "America/Chicago",
    "America/Los_Angeles",
    "Europe/London",
    "Europe/Berlin",
)
_OPENS, _CLOSES = 9 * HOUR, 17 * HOUR
# Up to which share of what has to do with work people come by which hour: mostly from 9 to 17.
_OF_DAY = np.array([0, 0.05, 0.12, 0.46, 0.53, 0.87, 0.92, 1]) * DAY
_AWAKE = np.array([7, 8, 9, 12, 13, 17, 18, 22]) * HOUR
_EVENING, _SLEEPS = 18 * HOUR, 22 * HOUR
# 1970-01-01 was a Thursday; days since then plus 3 count from a Monday.
_THURSDAY = 3


def never(size: int) -> Moments:
    """Return `size` moments that never come."""
    return np.full(size, np.nan)


def ever(moments: Moments) -> Flags:
    """Return whether it happened at all."""
    return ~np.isnan(moments)


def only(where: Flags, moments: Moments) -> Moments:
    """Return the moments where the flag is set, never elsewhere."""
    return np.where(where, moments, np.nan)


def before(end: float, moments: Moments) -> Moments:
    """Return the moments before the end, never for those at or after it."""
    return only(moments < end, moments)


def midnight(day: date, zone: str = HEADQUARTERS) -> float:
    """Return when a day begins in a zone."""
    return datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone)).timestamp()


def local(moments: Moments, zone: Numbers) -> Moments:
    """Return what the clocks in each one's zone show, as seconds since 1970."""
    shown = moments.copy()
    for place, name in enumerate(ZONES):
        there = zone == place
        shown[there] += _offset(moments[there], name)
    return shown


def universal(shown: Moments, zone: Numbers) -> Moments:
    """Return the moments at which the clocks in each one's zone show this."""
    moments = shown.copy()
    for place, name in enumerate(ZONES):
        there = zone == place
        guess = shown[there] - _offset(shown[there], name)
        moments[there] = shown[there] - _offset(guess, name)
    return moments


def local_day(moments: Moments, zone: str = HEADQUARTERS) -> Moments:
    """Return the day in a zone, in days since 1970; NaN for never."""
    return np.floor((moments + _offset(moments, zone)) / DAY)


def weekday(days: Moments) -> Moments:
    """Return the day of the week of days since 1970: 0 is Monday."""
    return (days + _THURSDAY) % 7


def waking(moments: Moments, zone: Numbers) -> Moments:
    """Press each local day into 7:00 to 22:00, in order, and most of it into office hours."""
    shown = local(moments, zone)
    day = np.floor(shown / DAY) * DAY
    return universal(np.floor(day + np.interp(shown - day, _OF_DAY, _AWAKE)), zone)


def office_days(
    rng: np.random.Generator, moments: Moments, zone: Numbers, share: float = 0.7
) -> Moments:
    """Move this share of what falls on a weekend into the week after it; never back."""
    shown = local(moments, zone)
    day = weekday(np.floor(shown / DAY))
    moves = some(rng, len(moments), share) & (day >= 5)
    later_by = 7 - day + rng.integers(0, 5, len(moments))
    return universal(shown + np.where(moves, later_by * DAY, 0), zone)


def evening(rng: np.random.Generator, moments: Moments, zone: Numbers) -> Moments:
    """Return a moment of the next evening after each one, 18 to 22 local time."""
    shown = local(moments, zone)
    at = np.floor(shown / DAY) * DAY + _EVENING + (_SLEEPS - _EVENING) * rng.random(len(moments))
    return universal(np.floor(at + np.where(at < shown + MINUTE, DAY, 0)), zone)


def working(rng: np.random.Generator, moments: Moments, zone: Numbers) -> Moments:
    """Move what falls outside Mon-Fri 9 to 17 local time into the next morning; never back."""
    shown = local(moments, zone)
    day = np.floor(shown / DAY)
    of_day = shown - day * DAY
    is_open = (of_day >= _OPENS) & (of_day < _CLOSES) & (weekday(day) < 5)
    day += of_day >= _CLOSES
    day += np.where(weekday(day) >= 5, 7 - weekday(day), 0)
    morning = day * DAY + _OPENS + 45 * MINUTE * rng.random(len(moments))
    return universal(np.floor(np.where(is_open, shown, morning)), zone)


def gap(rng: np.random.Generator, size: int, median: float, spread: float) -> Moments:
    """Return log-normal durations in seconds."""
    return np.asarray(median * np.exp(spread * rng.standard_normal(size)))


def later(
    rng: np.random.Generator,
    start: Moments,
    zone: Numbers,
    median: float,
    spread: float = 0.9,
) -> Moments:
    """Return when somebody in office hours gets to it, about `median` seconds after the start."""
    return working(rng, start + gap(rng, len(start), median, spread), zone)


def east(seconds: Numbers, zone: str) -> Numbers:
    """Return how many seconds the clocks of an IANA zone are ahead of UTC at these instants.

    Raises ZoneInfoNotFoundError for an unknown zone.
    """
    if zone == "UTC" or not len(seconds):
        return np.zeros(len(seconds), np.int64)
    first, last = (_year(int(one)) for one in (seconds.min(), seconds.max()))
    changes, offsets = _changes(zone, first, last)
    return offsets[np.searchsorted(changes, seconds, side="right")]


def _offset(moments: Moments, zone: str) -> Moments:
    """Return seconds east of UTC; of what never comes, any."""
    comes = ever(moments)
    soonest = moments[comes].min(initial=np.inf)
    seconds = np.where(comes, moments, soonest if comes.any() else 0).astype(np.int64)
    return east(seconds, zone).astype(np.float64)


@lru_cache(maxsize=64)
def _changes(zone: str, first: int, last: int) -> tuple[Numbers, Numbers]:
    """When the clocks of a zone change in these years, and the offsets before, between, after.

    A zone changes its clocks at most once in a day.
    """
    place = ZoneInfo(zone)
    day = _begin_of(first)
    changes: list[int] = []
    offsets = [_ahead(day, place)]
    while day < _begin_of(last + 1):
        after = day + int(DAY)
        if _ahead(after, place) != offsets[-1]:
            old, new = day, after
            while new - old > 1:
                middle = (old + new) // 2
                old, new = (middle, new) if _ahead(middle, place) == offsets[-1] else (old, middle)
            changes.append(new)
            offsets.append(_ahead(after, place))
        day = after
    return np.array(changes, np.int64), np.array(offsets, np.int64)


def _ahead(second: int, place: ZoneInfo) -> int:
    offset = datetime.fromtimestamp(second, place).utcoffset()
    if offset is None:
        raise ValueError(f"{place} has no offset at {second}")
    return offset // timedelta(seconds=1)


def _year(second: int) -> int:
    return datetime.fromtimestamp(second, UTC).year


def _begin_of(year: int) -> int:
    return int(datetime(year, 1, 1, tzinfo=UTC).timestamp())
