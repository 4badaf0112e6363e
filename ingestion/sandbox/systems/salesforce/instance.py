"""One Salesforce org: all its objects."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from ingestion.sandbox.clock import ever
from ingestion.sandbox.company.campaigns import SALES
from ingestion.sandbox.systems.dialect import Dialect
from ingestion.sandbox.systems.held import CrmLinks, DealRecords, Held, Naming, Records
from ingestion.sandbox.systems.salesforce.activity_objects import activity_objects
from ingestion.sandbox.systems.salesforce.campaign_objects import campaign_objects, listed_files
from ingestion.sandbox.systems.salesforce.contact_objects import account_object, contact_object
from ingestion.sandbox.systems.salesforce.lead_objects import lead_objects
from ingestion.sandbox.systems.salesforce.opportunity_objects import opportunity_objects
from ingestion.sandbox.systems.salesforce.org import found_org
from ingestion.sandbox.systems.salesforce.proof import see_evidence
from ingestion.sandbox.systems.salesforce.reference_objects import reference_objects
from ingestion.sandbox.systems.salesforce.users import user_objects

if TYPE_CHECKING:
    from ingestion.sandbox.arrays import Flags
    from ingestion.sandbox.company.company import Company
    from ingestion.sandbox.systems.salesforce.org import Org

# All values are quoted, also what is null; so its files cannot tell null from an empty text.
DIALECT = Dialect(null="", instant="milliseconds_z", quotes_everything=True)


def hold(company: Company, members: Flags, instance: str) -> Held:
    """Return what an org holds of its members.

    `members` has a flag per human. Raises KeyError for an instance that the company has not.
    """
    org = found_org(company, members, instance)
    leads, statuses = lead_objects(org)
    return Held(
        system="salesforce",
        instance=instance,
        dialect=DIALECT,
        objects={
            **leads,
            "contacts": contact_object(org),
            "accounts": account_object(org),
            **opportunity_objects(org),
            **activity_objects(org),
            **campaign_objects(org),
            **user_objects(org),
            **reference_objects(org),
        },
        records=_records(org),
        evidence=see_evidence(org, statuses),
        deals=DealRecords(org.numbered("006", len(org.deals)), org.deals.deal),
        account_id=org.account_ids,
        links=_links(org),
        listed=listed_files(org),
        touched={
            "tasks": Naming("Content__c", "CompletedDateTime", SALES),
            "events": Naming("Content__c", "StartDateTime", SALES),
        },
    )


def _records(org: Org) -> Records:
    leads, contacts = len(org.leads), len(org.contacts)
    return Records(
        object=np.repeat(np.array(["leads", "contacts"], dtype=object), [leads, contacts]),
        record_id=pa.concat_arrays([org.numbered("00Q", leads), org.numbered("003", contacts)]),
        human=np.append(org.leads.human, org.contacts.human),
        created_at=np.append(org.leads.created_at, org.contacts.created_at),
    )


def _links(org: Org) -> CrmLinks:
    """A human is known by their lead, and by lead and contact from the conversion on."""
    leads, contacts = org.leads, org.contacts
    own = np.flatnonzero(~leads.is_duplicate)
    contact = contacts.of_human[leads.human[own]]
    place = np.maximum(contact, 0)
    converted = np.flatnonzero(ever(leads.converted_at[own]))
    # A lead of somebody who is a contact already is linked to both from the start.
    was_contact = (contact >= 0) & (contacts.created_at[place] < leads.created_at[own])
    was_contact &= ~contacts.was_there[place]
    human = np.append(leads.human[own], leads.human[own[converted]])
    at = np.append(leads.created_at[own], leads.converted_at[own[converted]])
    order = np.lexsort((at, human))
    lead = np.append(own, own[converted])[order]
    both = np.append(np.where(was_contact, contact, -1), contact[converted])[order]
    return CrmLinks(
        human=human[order],
        at=at[order],
        lead_id=org.lead_id(lead),
        contact_id=org.contact_id(both),
    )
