"""When something happened, as exactly as a row says."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import tzinfo


@dataclass(frozen=True)
class Moment:
    """A day of the reporting zone and, unless only the day is known, a UTC instant in it."""

    day: date
    midnight: datetime
    """00:00 of that day, naive UTC."""
    at: datetime | None = None

    @property
    def is_timed(self) -> bool:
        return self.at is not None

    @property
    def start(self) -> datetime:
        """The instant from which spans are measured, naive UTC."""
        return self.at or self.midnight

    @property
    def shown(self) -> datetime:
        """What the marts show: a day stands at 00:00 and is never shifted."""
        return self.at or datetime.combine(self.day, time())


def moment_at(at: datetime, zone: tzinfo) -> Moment:
    """Return the moment of a naive UTC instant."""
    day = at.replace(tzinfo=UTC).astimezone(zone).date()
    return Moment(day, start_of(day, zone), at)


def moment_of(day: date, zone: tzinfo) -> Moment:
    """Return the moment of what is known by its day only."""
    return Moment(day, start_of(day, zone))


def start_of(day: date, zone: tzinfo) -> datetime:
    """Return 00:00 of a day of a zone as a naive UTC instant."""
    return datetime.combine(day, time(), zone).astimezone(UTC).replace(tzinfo=None)
