"""Moments of the made-up company: seconds since its first midnight in New York, NaN for never."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

Moments: TypeAlias = npt.NDArray[np.float64]
Flags: TypeAlias = npt.NDArray[np.bool_]
Numbers: TypeAlias = npt.NDArray[np.int64]
Texts: TypeAlias = npt.NDArray[np.object_]

ZONE = "America/New_York"
START = np.datetime64("2024-01-01T00:00:00")  # a Monday
MINUTE, HOUR, DAY = 60.0, 3600.0, 86400.0
SPAN = 731 * DAY  # up to and without 2026-01-01
_OPENS, _CLOSES = 9 * HOUR, 17 * HOUR


def only(where: Flags, moments: Moments) -> Moments:
    """Return the moments where the flag is set, never elsewhere and after the last day."""
    return np.where(where & (moments < SPAN), moments, np.nan)


def ever(moments: Moments) -> Flags:
    """Return whether it happened at all."""
    return ~np.isnan(moments)


def on_weekend(moments: Moments) -> Flags:
    """Return whether the day is a Saturday or a Sunday."""
    return np.floor(moments / DAY) % 7 >= 5


def waking(moments: Moments) -> Moments:
    """Press each day into 7:00 to 22:00: in order, and off the hour that daylight saving skips."""
    day = np.floor(moments / DAY) * DAY
    return np.floor(day + 7 * HOUR + (moments - day) * 15 / 24)


def working(rng: np.random.Generator, moments: Moments) -> Moments:
    """Move what falls outside Mon-Fri 9 to 17 into the next morning; never back in time."""
    day = np.floor(moments / DAY)
    of_day = moments - day * DAY
    day += of_day >= _CLOSES
    weekday = day % 7
    day += np.where(weekday >= 5, 7 - weekday, 0)
    is_open = (of_day >= _OPENS) & (of_day < _CLOSES) & ~on_weekend(moments)
    morning = day * DAY + _OPENS + 45 * MINUTE * rng.random(len(moments))
    return np.floor(np.where(is_open, moments, morning))


def gap(rng: np.random.Generator, size: int, median_days: float, spread: float) -> Moments:
    """Return log-normal durations."""
    return np.asarray(median_days * DAY * np.exp(spread * rng.standard_normal(size)))


def later(
    rng: np.random.Generator, start: Moments, median_days: float, spread: float = 0.9
) -> Moments:
    """Return when somebody at work gets to it; never, after the last day."""
    moments = working(rng, start + gap(rng, len(start), median_days, spread))
    return only(ever(moments), moments)


def local(moments: Moments, pattern: str = "%Y-%m-%d %H:%M:%S") -> Texts:
    """Write as New York time."""
    return np.asarray(_clock(moments).strftime(pattern), dtype=object)


def utc(moments: Moments) -> Texts:
    """Write as ISO 8601 in UTC."""
    clock = _clock(moments).tz_localize(ZONE).tz_convert("UTC")
    return np.asarray(clock.strftime("%Y-%m-%dT%H:%M:%SZ"), dtype=object)


def _clock(moments: Moments) -> pd.DatetimeIndex:
    seconds = pd.to_timedelta(pd.Series(moments), unit="s")
    return pd.DatetimeIndex(pd.Timestamp(START) + seconds)


def shown(texts: Texts, where: Flags) -> Texts:
    """Return the texts where the flag is set, nothing elsewhere."""
    kept = np.full(len(texts), None, dtype=object)
    kept[where] = texts[where]
    return kept


def numbered(prefix: str, moments: Moments, first: int = 1) -> Texts:
    """Return ids in the order of time, None for what never happened."""
    if not len(moments):  # zfill cannot pad nothing
        return np.empty(0, dtype=object)
    rank = np.argsort(np.argsort(moments, kind="stable"), kind="stable") + first
    ids: Texts = np.char.add(prefix, np.char.zfill(rank.astype(str), 6)).astype(object)
    return shown(ids, ever(moments))
