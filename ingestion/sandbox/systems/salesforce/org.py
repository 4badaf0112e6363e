"""What belongs to one Salesforce org: its members, their records, the ids it gives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ingestion.sandbox.clock import ever
from ingestion.sandbox.systems.held import EMEA, MAIN
from ingestion.sandbox.systems.identifiers import salesforce_id
from ingestion.sandbox.systems.salesforce.contacts import account_openings, draw_contacts
from ingestion.sandbox.systems.salesforce.deals import draw_deals
from ingestion.sandbox.systems.salesforce.leads import draw_leads
from ingestion.sandbox.systems.salesforce.owners import number_owners

if TYPE_CHECKING:
    from ingestion.sandbox.arrays import Flags, Moments, Numbers
    from ingestion.sandbox.company.company import Company
    from ingestion.sandbox.systems.salesforce.contacts import Contacts
    from ingestion.sandbox.systems.salesforce.deals import Deals
    from ingestion.sandbox.systems.salesforce.leads import Leads
    from ingestion.sandbox.systems.salesforce.owners import Owners

# Ids of two orgs never meet: each has a pod of its own.
_PODS = {MAIN: "5e", EMEA: "8f"}


@dataclass(frozen=True)
class Org:
    """One org. `members` has a flag per human, `opened_at` a moment per account of the company."""

    company: Company
    members: Flags
    pod: str
    owners: Owners
    leads: Leads
    contacts: Contacts
    deals: Deals
    opened_at: Moments
    account_ids: pa.Array  # per account of the company, null for those that the org does not know

    def lead_id(self, place: Numbers) -> pa.Array:
        """Return the ids of leads by their places, null for -1."""
        return self._ids("00Q", place)

    def contact_id(self, place: Numbers) -> pa.Array:
        """Return the ids of contacts by their places, null for -1."""
        return self._ids("003", place)

    def deal_id(self, place: Numbers) -> pa.Array:
        """Return the ids of opportunities by their places, null for -1."""
        return self._ids("006", place)

    def campaign_id(self, place: Numbers) -> pa.Array:
        """Return the ids of campaigns by their places, null for -1."""
        return self._ids("701", place)

    def numbered(self, prefix: str, size: int) -> pa.Array:
        """Return ids for an object's records in their order."""
        return salesforce_id(prefix, np.arange(size), self.pod)

    def _ids(self, prefix: str, place: Numbers) -> pa.Array:
        ids = salesforce_id(prefix, np.maximum(place, 0), self.pod)
        return pc.if_else(pa.array(place >= 0), ids, None)


def found_org(company: Company, members: Flags, instance: str) -> Org:
    """Draw the records of an org's members. Raises KeyError for an unknown instance."""
    pod = _PODS[instance]
    contacts = draw_contacts(company, members)
    opened_at = account_openings(company, members, contacts)
    return Org(
        company=company,
        members=members,
        pod=pod,
        owners=number_owners(company, pod),
        leads=draw_leads(company, members),
        contacts=contacts,
        deals=draw_deals(company, members),
        opened_at=opened_at,
        account_ids=_account_ids(opened_at, pod),
    )


def _account_ids(opened_at: Moments, pod: str) -> pa.Array:
    """Accounts are numbered in the order of their opening."""
    known = ever(opened_at)
    order = np.argsort(np.where(known, opened_at, np.inf), kind="stable")
    number = np.empty(len(order), dtype=np.int64)
    number[order] = np.arange(len(order))
    return pc.if_else(pa.array(known), salesforce_id("001", number, pod), None)
