"""The morning on which exports are made: what is in them, and since when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from ingestion.sandbox.clock import HOUR, midnight

if TYPE_CHECKING:
    from datetime import date

    import pyarrow as pa

    from ingestion.sandbox.settings import Settings
    from ingestion.sandbox.systems.held import Held
    from ingestion.sandbox.systems.stored import Stored

# What was late in the evening is there by then.
_AT = 6 * HOUR


@dataclass(frozen=True, kw_only=True)
class Morning:
    """Exports of all systems on the morning after a day: everything, or what is new since a day."""

    settings: Settings
    systems: tuple[Held, ...]
    name: str  # of the data set
    day: date
    since: date | None = None

    @property
    def moment(self) -> float:
        """When the exports are made, in seconds since 1970."""
        return after(self.day)

    @property
    def shown(self) -> str:
        """The same on the clocks of New York."""
        return f"{self.day + timedelta(days=1)} 06:00:00"

    @property
    def has_agreement(self) -> bool:
        """Whether the exports bring an agreement: the project's is that of the default set-up."""
        return self.settings.set_up != "salesforce_marketo"

    def rows(self, stored: Stored) -> pa.Table:
        """Return what is exported of an object."""
        if self.since is None:
            return stored.at(self.moment)
        return stored.between(after(self.since), self.moment)


def after(day: date) -> float:
    """Return the moment of the exports of a day, in seconds since 1970."""
    return midnight(day + timedelta(days=1)) + _AT
