"""What one instance of a system holds, and what only the simulation knows about it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pyarrow as pa

    from ingestion.sandbox.arrays import Moments, Numbers, Texts
    from ingestion.sandbox.systems.dialect import Dialect
    from ingestion.sandbox.systems.stored import Stored

MAIN, EMEA = "main", "emea"  # instances: Europe may have one of its own

# Stages of the company's own process, by the keys of its agreement.
INQUIRY, MQL, SAL, SQL = "inquiry", "marketing_qualified", "sales_accepted", "sales_qualified"
OPPORTUNITY, WON, RETAINED = "opportunity", "won", "retained"
STAGES = (INQUIRY, MQL, SAL, SQL, OPPORTUNITY, WON, RETAINED)


@dataclass(frozen=True)
class Records:
    """Which human is behind each person-like record: one entry per record in every array."""

    object: Texts  # stem of its file: leads, contacts, prospects
    record_id: pa.Array
    human: Numbers
    created_at: Moments


@dataclass(frozen=True)
class DealRecords:
    """Which deal each opportunity record is: one entry per record in every array."""

    record_id: pa.Array
    deal: Numbers  # place in Opportunities


@dataclass(frozen=True)
class Evidence:
    """What a system holds about stages really entered: one entry per fact in every array."""

    round: Numbers  # place in Rounds
    stage: Texts  # one of STAGES, or the key of an exit
    at: Moments  # the moment that the system tells
    shown_until: Moments  # inf: for ever; else when the source purges it


@dataclass(frozen=True)
class CrmLinks:
    """Under which ids the CRM knows each human, since when; sorted by human and time."""

    human: Numbers
    at: Moments
    lead_id: pa.Array  # null for none
    contact_id: pa.Array  # null until there is a contact


@dataclass(frozen=True)
class Naming:
    """Where an object tells which content somebody was shown: columns, and whose touch it is."""

    name: str
    at: str
    team: str  # marketing or sales


@dataclass(frozen=True)
class Listed:
    """The content that an inventory of a system lists: one entry per record in every array."""

    object: str  # stem of its file
    record_id: pa.Array
    content: Numbers  # place in Contents
    owner_team: Texts  # "" where nobody is there any more to look after it


@dataclass(frozen=True)
class Held:
    """One instance of a system."""

    system: str
    instance: str
    dialect: Dialect
    objects: dict[str, Stored]  # stem of the file -> object
    records: Records
    evidence: Evidence
    deals: DealRecords | None = None
    account_id: pa.Array | None = None  # per account of the company, null for none
    links: CrmLinks | None = None
    listed: Listed | None = None
    touched: Mapping[str, Naming] = field(default_factory=dict)  # by stem of the file
