"""Companies: known once a contact there is, or a deal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from ingestion.sandbox.clock import before, ever, never, only
from ingestion.sandbox.company.staff import AE
from ingestion.sandbox.systems.columns import instants
from ingestion.sandbox.systems.hubspot.histories import nothing
from ingestion.sandbox.systems.identifiers import numeric
from ingestion.sandbox.systems.stored import Changing, Stored, build_stored
from ingestion.sandbox.systems.words import labelled

if TYPE_CHECKING:
    from ingestion.sandbox.arrays import Flags, Moments, Numbers
    from ingestion.sandbox.company.company import Company
    from ingestion.sandbox.systems.hubspot.contacts import Contacts
    from ingestion.sandbox.systems.hubspot.owners import Owners

INDUSTRIES = {
    "Manufacturing": "MACHINERY",
    "Logistics": "LOGISTICS_AND_SUPPLY_CHAIN",
    "Wholesale": "WHOLESALE",
    "Retail": "RETAIL",
    "Software": "COMPUTER_SOFTWARE",
    "Education": "EDUCATION_MANAGEMENT",
}


@dataclass(frozen=True)
class Companies:
    """Companies in the order of their ids, and since when each line belongs to its own."""

    account: Numbers  # per company: its place in Accounts
    opened_at: Moments  # per company
    ids: pa.Array  # per account, null for none
    joined_at: Moments  # per line of contacts, never for none


def draw_companies(
    company: Company, members: Flags, contacts: Contacts, first_id: int
) -> Companies:
    """Open a company with its first contact: by the domain of a work address, else by a rep."""
    people, rounds, deals, lines = company.people, company.rounds, company.deals, contacts.lines
    account = people.account[lines.human]
    at_work = _works_there(company, lines.human, lines.email)
    by_rep = never(len(people))
    np.fmin.at(by_rep, rounds.human, rounds.assigned_at)
    joined = np.where(at_work, lines.created_at, np.fmax(lines.created_at, by_rep[lines.human]))
    joined = only(at_work | ever(by_rep[lines.human]), joined)
    joined = before(company.settings.end, joined)
    opened = np.full(len(company.accounts), np.nan)
    np.fmin.at(opened, account, joined)
    own = np.flatnonzero(members[deals.human])
    np.fmin.at(opened, people.account[deals.human[own]], deals.created_at[own])
    known = np.flatnonzero(ever(opened))
    known = known[np.argsort(opened[known], kind="stable")]
    place = np.full(len(opened), -1)
    place[known] = np.arange(len(known))
    ids = numeric(np.arange(len(known)), first_id)
    return Companies(
        account=known,
        opened_at=opened[known],
        ids=ids.take(pa.array(place, mask=place < 0)),
        joined_at=joined,
    )


def company_object(company: Company, companies: Companies, owners: Owners) -> Stored:
    """Return the companies; a parent is named once both are there."""
    accounts = company.accounts
    account, opened = companies.account, companies.opened_at
    size = len(account)
    of_account = np.full(len(accounts), -1)
    of_account[account] = np.arange(size)
    parent = accounts.parent[account]
    has_parent = np.flatnonzero((parent >= 0) & (of_account[np.maximum(parent, 0)] >= 0))
    parent_place = of_account[parent[has_parent]]
    named_at = np.maximum(opened[has_parent], opened[parent_place])
    ids = companies.ids.take(pa.array(account))
    owner = company.staff.on_duty(AE, accounts.region[account], account, opened)
    return build_stored(
        "companies",
        (
            "hs_object_id", "name", "domain", "industry", "numberofemployees", "annualrevenue",
            "country", "hubspot_owner_id", "hs_parent_company_id", "createdate",
            "hs_lastmodifieddate", "archived",
        ),
        created_at=opened,
        fixed={
            "hs_object_id": ids,
            "name": accounts.name[account],
            "domain": accounts.domain[account],
            "industry": labelled(accounts.industry[account], INDUSTRIES),
            "numberofemployees": accounts.employees[account],
            "annualrevenue": accounts.revenue[account],
            "country": accounts.country[account],
            "hubspot_owner_id": owners.id_of(owner),
            "createdate": instants(opened),
            "archived": np.zeros(size, dtype=bool),
        },
        changing={
            "hs_parent_company_id": Changing(
                nothing(ids, size), has_parent, named_at, ids.take(pa.array(parent_place))
            )
        },
        stamp="hs_lastmodifieddate",
    )  # fmt: skip


def _works_there(company: Company, human: Numbers, email: np.ndarray) -> Flags:
    """Whether the address is one of the company where each works."""
    domain = company.accounts.domain[company.people.account[human]]
    address = np.where(email == None, "", email).astype(str)  # noqa: E711
    return np.char.endswith(address, ("@" + domain).astype(str))
