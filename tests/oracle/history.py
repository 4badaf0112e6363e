"""One person's history at the level of the rows that its systems deliver."""

from __future__ import annotations

from dataclasses import dataclass

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
    is_record: bool = True
    """False for an id that no file has, and only links and changes tell of."""


@dataclass(frozen=True)
class Change:
    """A change of `status`, `lifecycle_stage` or `score` of a person, or of a deal's `stage`.

    `is_stamp`: not a row of a file of changes, but a column of the record that dates one value.
    """

    key: str
    record: str
    field: str
    old: str
    new: str
    at: str
    system: str = "crm"
    is_stamp: bool = False


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
    """A deal; `outcome` is won, lost, or empty while it is open.

    `person` is a record of the same system, as that of a role is.
    """

    key: str
    person: str = ""
    type: str = "new_business"
    stage: str = ""
    stage_at: str = ""
    outcome: str = ""
    created_at: str = ""
    closed_at: str = ""
    deleted_at: str = ""
    system: str = "crm"


@dataclass(frozen=True)
class Role:
    """The role of a person in a deal."""

    key: str
    opportunity: str
    person: str
    is_primary: bool = False
    system: str = "crm"


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
