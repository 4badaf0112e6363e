"""One portal of HubSpot: CRM and marketing, or marketing only beside another CRM."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from ingestion.sandbox.company.campaigns import MARKETING, SALES
from ingestion.sandbox.systems.dialect import Dialect
from ingestion.sandbox.systems.held import (
    EMEA,
    CrmLinks,
    DealRecords,
    Held,
    Naming,
    Records,
)
from ingestion.sandbox.systems.hubspot.companies import company_object, draw_companies
from ingestion.sandbox.systems.hubspot.contact_objects import contact_objects
from ingestion.sandbox.systems.hubspot.contacts import Contacts, draw_contacts
from ingestion.sandbox.systems.hubspot.deals import (
    deal_companies,
    deal_contacts,
    deal_objects,
    draw_deals,
)
from ingestion.sandbox.systems.hubspot.engagements import engagement_objects
from ingestion.sandbox.systems.hubspot.evidence import see_evidence
from ingestion.sandbox.systems.hubspot.marketing import PAGES, marketing_objects
from ingestion.sandbox.systems.hubspot.owners import (
    exchange_rates,
    number_owners,
    owner_object,
    pipeline_objects,
)
from ingestion.sandbox.systems.inventory import STEM, content_inventory

if TYPE_CHECKING:
    from ingestion.sandbox.arrays import Flags
    from ingestion.sandbox.company.company import Company

DIALECT = Dialect(null="", instant="milliseconds_z", quotes_everything=True)
# Portals number alike, so ids of two portals are often the same.
_FIRST_ID, _OFFSET = 10_501, 120
_TOUCHED = {"form_submissions": Naming("content", "submittedAt", MARKETING)}
_TOUCHED_BY_SALES = {
    "emails": Naming("content_shown", "hs_timestamp", SALES),
    "meetings": Naming("content_shown", "hs_meeting_start_time", SALES),
}


def hold(company: Company, members: Flags, instance: str, links: CrmLinks | None) -> Held:
    """Return what a portal holds of these people.

    `links`: under which ids another CRM knows them; None: HubSpot is the CRM itself.
    """
    first_id = _FIRST_ID + (_OFFSET if instance == EMEA else 0)
    is_crm = links is None
    owners = number_owners(company)
    contacts = draw_contacts(company, members, first_id, is_crm=is_crm)
    companies = draw_companies(company, members, contacts, first_id) if is_crm else None
    objects = contact_objects(company, contacts, owners, companies, links)
    objects |= marketing_objects(company, contacts, instance)
    objects["owners"] = owner_object(company, owners)
    # As the CRM it has sales' content too.
    own_content = np.full(len(company.contents), is_crm) | (company.contents.team == MARKETING)
    inventory = content_inventory(company, own_content, PAGES)
    objects[STEM] = inventory.stored
    deals = None
    if companies is not None:
        deals = draw_deals(company, members, first_id)
        objects["companies"] = company_object(company, companies, owners)
        objects |= deal_objects(company, deals, companies, owners)
        objects["deal_contacts"] = deal_contacts(company, deals, contacts)
        objects["deal_companies"] = deal_companies(company, deals, companies)
        objects |= engagement_objects(company, contacts, deals, owners, first_id)
        objects |= pipeline_objects(company)
        objects["exchange_rates"] = exchange_rates(company)
    return Held(
        system="hubspot",
        instance=instance,
        dialect=DIALECT,
        objects=objects,
        records=_records(contacts),
        evidence=see_evidence(company, contacts, deals),
        deals=None if deals is None else DealRecords(deals.ids, deals.deal),
        account_id=None if companies is None else companies.ids,
        links=_links(contacts) if is_crm else None,
        listed=inventory.listed,
        touched=_TOUCHED | (_TOUCHED_BY_SALES if is_crm else {}),
    )


def _records(contacts: Contacts) -> Records:
    """Every id that a contact ever had."""
    size = len(contacts)
    return Records(
        object=np.full(size, "contacts", dtype=object),
        record_id=contacts.ids,
        human=contacts.lines.human[contacts.line],
        created_at=contacts.begins_at,
    )


def _links(contacts: Contacts) -> CrmLinks:
    """The ids of each one's own contact, the new ones after merges too."""
    own = np.flatnonzero(~contacts.lines.is_double[contacts.line])
    human = contacts.lines.human[contacts.line[own]]
    order = np.lexsort((contacts.begins_at[own], human))
    own = own[order]
    return CrmLinks(
        human=human[order],
        at=contacts.begins_at[own],
        lead_id=pa.nulls(len(own), pa.string()),
        contact_id=contacts.ids.take(pa.array(own)),
    )
