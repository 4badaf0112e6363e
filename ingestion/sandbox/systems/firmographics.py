"""What people tell of the company that they work for, before any CRM has an account of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa

from ingestion.sandbox.chance import some, stream

if TYPE_CHECKING:
    from ingestion.sandbox.arrays import Numbers
    from ingestion.sandbox.company.company import Company

_TOLD = 0.7  # of people: their form asked, or somebody looked it up


@dataclass(frozen=True)
class Firmographics:
    """One entry per record in every array, null where nobody told."""

    industry: pa.Array
    employees: pa.Array
    revenue: pa.Array


def firmographics(company: Company, human: Numbers) -> Firmographics:
    """Return what the records of these people tell; each human tells all systems the same."""
    seed, accounts = company.settings.seed, company.accounts
    is_told = some(stream(seed, "firmographics"), len(company.people), _TOLD)[human]
    account = company.people.account[human]
    return Firmographics(
        industry=pa.array(accounts.industry[account], mask=~is_told),
        employees=pa.array(accounts.employees[account], mask=~is_told),
        revenue=pa.array(accounts.revenue[account], mask=~is_told),
    )
