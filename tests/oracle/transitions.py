"""What is compared: the transitions and passes of a person, as the marts show them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime


@dataclass(frozen=True)
class Transition:
    """A pass enters a stage or an exit; `transition_at` is UTC, None where no date is known.

    Precision and evidence are None where the rules leave them open: without a date, and the
    precision of an expiry.
    """

    pass_number: int
    transition_number: int
    from_stage: str | None
    to_stage: str
    kind: str
    transition_at: datetime | None
    precision: str | None
    evidence: str | None


@dataclass(frozen=True)
class PassRow:
    """One trip through the funnel, times in UTC."""

    pass_number: int
    started_at: datetime | None
    ended_at: datetime | None
    outcome: str
    current_stage: str
    furthest_stage: str


@dataclass(frozen=True)
class PersonResult:
    """What became of one person; `records` are the keys of its records."""

    records: frozenset[str]
    transitions: tuple[Transition, ...] = field(default=())
    passes: tuple[PassRow, ...] = field(default=())
