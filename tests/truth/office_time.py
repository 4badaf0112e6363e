"""Office time, counted without the models: what the clocks of the SLAs are held against."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from ingestion.agreement import read_agreement

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from pathlib import Path

_NEW_YORK = ZoneInfo("America/New_York")
_UTC = ZoneInfo("UTC")
_OPENS, _CLOSES = 9 * 3600, 17 * 3600
_FIRST_DAY = np.datetime64("2000-01-03")


@dataclass(frozen=True)
class Promises:
    """What the company signed: its holidays, and the minutes of each SLA that a clock measures."""

    holidays: npt.NDArray[np.datetime64]
    minutes: dict[str, int]


def read_promises(agreement: Path) -> Promises:
    """Read them. Raises ValueError where the office is not Mon-Fri 09-17 in New York.

    The simulated company signed one version only.
    """
    (version,) = read_agreement(agreement).versions
    (calendar,) = version.calendars
    if (calendar.time_zone, calendar.hours) != (_NEW_YORK.key, {"mon-fri": "09:00-17:00"}):
        raise ValueError(f"{agreement}: other office hours than those counted here")
    return Promises(
        np.array(list(calendar.holidays), dtype="datetime64[D]"),
        {one.key: int(one.target) for one in version.slas.sales},
    )


def office_seconds(moments: Sequence[datetime | None], promises: Promises) -> npt.NDArray[Any]:
    """Return seconds of office time up to each moment (UTC without zone), NaN for none.

    The clocks of New York change at night, so that within the office they run evenly.
    """
    counted = np.full(len(moments), np.nan)
    for place, moment in enumerate(moments):
        if moment is None:
            continue
        shown = moment.replace(tzinfo=_UTC).astimezone(_NEW_YORK)
        day = np.datetime64(shown.date())
        days = np.busday_count(_FIRST_DAY, day, holidays=promises.holidays)
        today = 0.0
        if np.is_busday(day, holidays=promises.holidays):
            clock = shown.hour * 3600 + shown.minute * 60 + shown.second + shown.microsecond / 1e6
            today = min(max(clock, _OPENS), _CLOSES) - _OPENS
        counted[place] = days * (_CLOSES - _OPENS) + today
    return counted
