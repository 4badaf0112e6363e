"""What a history is read against, beside the agreement."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from tests.oracle.moments import moment_at, moment_of, start_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.oracle.moments import Moment


@dataclass(frozen=True)
class World:
    """What is true of a data set as a whole, whichever person is looked at."""

    zone: ZoneInfo
    """The reporting zone."""
    as_of: date
    """Facts of this day still count, facts of the next one do not."""
    systems: frozenset[str]
    """Systems that deliver anything."""
    systems_with_activities: frozenset[str]
    known_values: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """By field, the words that the mapping knows; any other becomes `unmapped`. A field that is
    not listed keeps its values."""
    history_starts: Mapping[tuple[str, str], date] = field(default_factory=dict)
    """Before this day a file of changes knows nothing, by (system, field)."""
    stage_outcomes: Mapping[tuple[str, str], str] = field(default_factory=dict)
    """What a stage means (open, won, lost), by (system, stage), where its records agree."""

    def canonical(self, name: str, value: str) -> str:
        """Return what the mapping makes of a delivered value of a field."""
        if not value or name not in self.known_values or value in self.known_values[name]:
            return value
        return "unmapped"

    def moment(self, text: str) -> Moment | None:
        """Return the moment of a delivered text; None where it is empty."""
        if not text:
            return None
        if len(text) == len("2026-01-31"):
            return moment_of(date.fromisoformat(text), self.zone)
        return moment_at(datetime.fromisoformat(text), self.zone)

    def moment_at(self, at: datetime) -> Moment:
        """Return the moment of a naive UTC instant."""
        return moment_at(at, self.zone)

    def start_of(self, day: date) -> datetime:
        """Return 00:00 of a day of the reporting zone as a naive UTC instant."""
        return start_of(day, self.zone)

    @property
    def as_of_instant(self) -> datetime:
        """The first instant whose facts do not count, naive UTC."""
        return self.start_of(self.as_of + timedelta(days=1))

    def knows(self, moment: Moment | None) -> bool:
        """Whether something of this moment has happened; what has no date has."""
        return moment is None or moment.start < self.as_of_instant


# That of random histories.
RANDOM_WORLD = World(
    zone=ZoneInfo("America/New_York"),
    as_of=date(2026, 4, 30),
    systems=frozenset({"crm", "marketing", "billing"}),
    systems_with_activities=frozenset({"crm", "marketing"}),
    known_values={
        "status": (
            "open", "inquiry", "mql", "sal", "working", "sql", "converted", "rejected", "recycled",
            "nurture", "disqualified",
        ),
        "lifecycle_stage": (
            "subscriber", "lead", "mql", "customer", "retained", "churned", "disqualified",
        ),
        "stage": ("discovery", "proposal", "negotiation", "closed_won", "closed_lost"),
    },
    history_starts={("marketing", "lifecycle_stage"): date(2025, 9, 1)},
)  # fmt: skip
