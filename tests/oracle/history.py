"""One person's history at the level of the rows that its systems deliver."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

# What the mapping translates; anything else that is delivered becomes `unmapped`.
KNOWN_VALUES = {
    "status": (
        "open", "inquiry", "mql", "sal", "working", "sql", "converted", "rejected", "recycled",
        "nurture", "disqualified",
    ),
    "lifecycle_stage": (
        "subscriber", "lead", "mql", "customer", "retained", "churned", "disqualified",
    ),
    "stage": ("discovery", "proposal", "negotiation", "closed_won", "closed_lost"),
}  # fmt: skip
# Before this day a file of changes knows nothing, by (system, field).
HISTORY_STARTS = {("marketing", "lifecycle_stage"): date(2025, 9, 1)}
# Systems that export activities at all.
SYSTEMS_WITH_ACTIVITIES = frozenset({"crm", "marketing"})


def canonical(field: str, value: str) -> str:
    """Return what the mapping makes of a delivered value."""
    if not value or field not in KNOWN_VALUES or value in KNOWN_VALUES[field]:
        return value
    return "unmapped"


# Times are texts as delivered: `YYYY-MM-DD HH:MM:SS` in UTC, a day of the reporting zone, or
# empty. Every other text may be empty too.


@dataclass(frozen=True)
class Person:
    """A lead or contact of the CRM, a prospect of marketing, or a customer of billing.

    `linked_id` is an id in marketing for a CRM record and in the CRM for all others.
    """

    key: str
    system: str = "crm"
    email: str = ""
    status: str = ""
    status_at: str = ""
    lifecycle_stage: str = ""
    lifecycle_stage_at: str = ""
    score: str = ""
    created_at: str = ""
    linked_id: str = ""
    converted_id: str = ""
    converted_at: str = ""
    converted_opportunity_id: str = ""
    merged_into_id: str = ""
    deleted_at: str = ""


@dataclass(frozen=True)
class Change:
    """A change of `status`, `lifecycle_stage` or `score` of a person, or of a deal's `stage`."""

    key: str
    record: str
    field: str
    old: str
    new: str
    at: str
    system: str = "crm"


@dataclass(frozen=True)
class Activity:
    """Something that somebody did."""

    key: str
    person: str
    type: str
    at: str
    system: str = "marketing"
    is_automated: bool = False
    is_completed: bool = True
    owner: str = ""


@dataclass(frozen=True)
class Opportunity:
    """A deal of the CRM; `outcome` is won, lost, or empty while it is open."""

    key: str
    person: str = ""
    type: str = "new_business"
    stage: str = ""
    stage_at: str = ""
    outcome: str = ""
    created_at: str = ""
    closed_at: str = ""


@dataclass(frozen=True)
class Role:
    """The role of a CRM person in a deal."""

    key: str
    opportunity: str
    person: str
    is_primary: bool = False


Row = Person | Change | Activity | Opportunity | Role


@dataclass(frozen=True)
class History:
    """The rows of one person, in any order. Ids are unique within the history."""

    rows: tuple[Row, ...]

    @property
    def persons(self) -> list[Person]:
        return [row for row in self.rows if isinstance(row, Person)]

    @property
    def changes(self) -> list[Change]:
        return [row for row in self.rows if isinstance(row, Change)]

    @property
    def activities(self) -> list[Activity]:
        return [row for row in self.rows if isinstance(row, Activity)]

    @property
    def opportunities(self) -> list[Opportunity]:
        return [row for row in self.rows if isinstance(row, Opportunity)]

    @property
    def roles(self) -> list[Role]:
        return [row for row in self.rows if isinstance(row, Role)]
