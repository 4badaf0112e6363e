"""When something happened, as exactly as a row says."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("America/New_York")


@dataclass(frozen=True)
class Moment:
    """A day of the reporting zone and, unless only the day is known, a UTC instant in it."""

    day: date
    at: datetime | None = None

    @property
    def is_timed(self) -> bool:
        return self.at is not None

    @property
    def start(self) -> datetime:
        """The instant from which spans are measured, naive UTC."""
        return self.at or start_of(self.day)

    @property
    def shown(self) -> datetime:
        """What the marts show: a day stands at 00:00 and is never shifted."""
        return self.at or datetime.combine(self.day, time())


def read_moment(text: str) -> Moment | None:
    """Return the moment of a delivered text; None where it is empty."""
    if not text:
        return None
    if len(text) == len("2026-01-31"):
        return Moment(date.fromisoformat(text))
    return moment_at(datetime.fromisoformat(text))


def moment_at(at: datetime) -> Moment:
    """Return the moment of a naive UTC instant."""
    return Moment(at.replace(tzinfo=UTC).astimezone(ZONE).date(), at)


def start_of(day: date) -> datetime:
    """Return 00:00 of a day of the reporting zone as a naive UTC instant."""
    return datetime.combine(day, time(), ZONE).astimezone(UTC).replace(tzinfo=None)


@dataclass(frozen=True)
class AsOf:
    """Facts of this day still count, facts of the next one do not."""

    day: date

    @property
    def instant(self) -> datetime:
        return start_of(self.day + timedelta(days=1))

    def knows(self, moment: Moment | None) -> bool:
        """Whether something of this moment has happened; what has no date has."""
        return moment is None or moment.start < self.instant
