"""What decides a simulated company: seed, size, days, systems, mess."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Literal, TypeAlias

from ingestion.errors import TerminalError
from ingestion.sandbox.clock import midnight
from ingestion.sandbox.mess import PROFILES, Mess

SetUp: TypeAlias = Literal[
    "salesforce_marketo", "salesforce_account_engagement", "hubspot", "salesforce_hubspot"
]
# Set-up -> (system that sales works in, system that marketing works in).
SYSTEMS: dict[SetUp, tuple[str, str]] = {
    "salesforce_marketo": ("salesforce", "marketo"),
    "salesforce_account_engagement": ("salesforce", "account_engagement"),
    "hubspot": ("hubspot", "hubspot"),
    "salesforce_hubspot": ("salesforce", "hubspot"),
}
SMALLEST = 100  # people; fewer may leave an object without records


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Settings of a company. Days are days in New York; the last one is lived to its end.

    Raises TerminalError for settings that make no company.
    """

    seed: int = 7
    people: int = 2000
    first_day: date = date(2023, 1, 1)
    last_day: date = date(2025, 12, 31)
    set_up: SetUp = "salesforce_marketo"
    instances: int = 1  # 2: Europe has systems of its own
    mess: Mess = field(default_factory=lambda: PROFILES["usual"])
    served: frozenset[str] = frozenset()  # systems that are read over their APIs and export nothing

    def __post_init__(self) -> None:
        if self.people < SMALLEST or self.seed < 0:
            raise TerminalError(
                f"cannot simulate {self.people} people with seed {self.seed}",
                where="sandbox",
                mend=f"Ask for {SMALLEST} people or more, and a seed that is not negative",
            )
        if self.set_up not in SYSTEMS:
            raise TerminalError(
                f"there is no set-up {self.set_up}",
                where="sandbox",
                mend=f"Use one of {', '.join(SYSTEMS)}",
            )
        if not 1 <= self.instances <= 2 or self.first_day >= self.last_day:
            raise TerminalError(
                f"cannot simulate {self.instances} instances from {self.first_day} to"
                f" {self.last_day}",
                where="sandbox",
                mend="Ask for one or two instances, and a last day after the first",
            )

    @property
    def start(self) -> float:
        """The first midnight, in seconds since 1970."""
        return midnight(self.first_day)

    @property
    def end(self) -> float:
        """The midnight after the last day, in seconds since 1970; nothing happens from then on."""
        return midnight(self.last_day + timedelta(days=1))

    @property
    def crm(self) -> str:
        """The system that sales works in."""
        return SYSTEMS[self.set_up][0]

    @property
    def automation(self) -> str:
        """The system that marketing works in."""
        return SYSTEMS[self.set_up][1]
