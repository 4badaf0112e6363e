"""What the CRM exports: times in New York."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ingestion.sandbox import staff
from ingestion.sandbox.crm_activities import activity_table
from ingestion.sandbox.crm_contacts import account_table, contact_table
from ingestion.sandbox.crm_leads import lead_tables
from ingestion.sandbox.crm_opportunities import contact_role_table, opportunity_table
from ingestion.sandbox.history import change_table
from ingestion.sandbox.moments import SPAN, ever, numbered, only, working

if TYPE_CHECKING:
    import pandas as pd

    from ingestion.sandbox.journeys import Journeys
    from ingestion.sandbox.moments import Moments, Texts
    from ingestion.sandbox.opportunities import Opportunities
    from ingestion.sandbox.people import Companies, People


@dataclass(frozen=True)
class Crm:
    """The made-up company as its CRM sees it; ids are None for what it has no record of."""

    companies: Companies
    people: People
    journeys: Journeys
    deals: Opportunities
    account_at: Moments  # per company
    account_id: Texts  # per company
    lead_id: Texts  # per person
    contact_id: Texts  # per person
    deal_id: Texts  # per opportunity
    deal_owner: Texts


def draw_crm(
    rng: np.random.Generator, companies: Companies, journeys: Journeys, deals: Opportunities
) -> Crm:
    """Give ids to what the CRM knows: an account opens with its first contact."""
    people = journeys.people
    size = len(companies.name)
    by_chance = only(rng.random(size) < 0.3, SPAN * rng.random(size))
    first_contact = np.full(size, np.nan)
    np.fmin.at(first_contact, people.company, journeys.contact_at)
    account_at = np.fmin(first_contact, working(rng, by_chance))
    account_at = only(ever(account_at), account_at)
    deal_company = people.company[deals.person]
    return Crm(
        companies=companies,
        people=people,
        journeys=journeys,
        deals=deals,
        account_at=account_at,
        account_id=numbered("001", account_at),
        lead_id=numbered("00Q", journeys.lead_at),
        contact_id=numbered("003", journeys.contact_at),
        deal_id=numbered("006", deals.created_at),
        deal_owner=companies.owner(deal_company, staff.AES_AMERICAS, staff.AES_EUROPE),
    )


def crm_exports(rng: np.random.Generator, crm: Crm) -> dict[str, pd.DataFrame]:
    """Return all files of the CRM."""
    leads, lead_history = lead_tables(rng, crm)
    return {
        "crm_leads.csv": leads,
        "crm_lead_history.csv": lead_history,
        "crm_contacts.csv": contact_table(crm),
        "crm_accounts.csv": account_table(crm),
        "crm_opportunities.csv": opportunity_table(rng, crm),
        "crm_opportunity_history.csv": change_table(
            crm.deals.history, "StageName", crm.deal_id, crm.deal_owner
        ),
        "crm_opportunity_contact_roles.csv": contact_role_table(rng, crm),
        "crm_activities.csv": activity_table(rng, crm),
        "crm_users.csv": staff.users(),
    }
