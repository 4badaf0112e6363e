"""The contacts and accounts of the CRM."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ingestion.sandbox import staff
from ingestion.sandbox.moments import ever, local
from ingestion.sandbox.opportunities import LOST

if TYPE_CHECKING:
    from ingestion.sandbox.crm import Crm

_DATE = "%Y-%m-%d"


def contact_table(crm: Crm) -> pd.DataFrame:
    """Return the contacts; a contact's life as a customer is stamped on it."""
    people, deals = crm.people, crm.deals
    stages = {
        "Customer": deals.is_won & ~deals.is_renewal,
        "Retained": deals.is_won & deals.is_renewal,
        "Churned": deals.is_renewal & (deals.history.current == LOST),
    }
    since = {stage: np.full(len(people), np.nan) for stage in stages}
    lifecycle = np.where(people.is_sales_contact, "Prospect", "Opportunity").astype(object)
    for stage, deal in stages.items():
        since[stage][deals.person[deal]] = deals.closed_at[deal]
        lifecycle[deals.person[deal]] = stage
    latest = np.fmax.reduce([crm.journeys.contact_at, *since.values()])
    contacts = pd.DataFrame(
        {
            "Id": crm.contact_id,
            "AccountId": crm.account_id[people.company],
            "FirstName": people.first_name,
            "LastName": people.last_name,
            "Title": people.title,
            "Phone": people.phone,
            "Email": people.email,
            "LeadSource": people.source,
            "Lifecycle": lifecycle,
            "CustomerSince": local(since["Customer"], _DATE),
            "RetainedOn": local(since["Retained"], _DATE),
            "ChurnedOn": local(since["Churned"], _DATE),
            "OwnerId": crm.companies.owner(people.company, staff.AES_AMERICAS, staff.AES_EUROPE),
            "CreatedDate": local(crm.journeys.contact_at),
            "LastModifiedDate": local(latest),
        }
    )
    return contacts[ever(crm.journeys.contact_at)]


def account_table(crm: Crm) -> pd.DataFrame:
    """Return the accounts, in the way of a German office: dates and marks."""
    companies = crm.companies
    place = np.arange(len(companies.name))
    whole = pd.Series(companies.revenue).map("{:,}".format).str.replace(",", ".")
    accounts = pd.DataFrame(
        {
            "Id": crm.account_id,
            "Name": companies.name,
            "Domain": companies.domain,
            "Industry": companies.industry,
            "Employees": companies.employees,
            "Revenue": whole + ",00",
            "Country": companies.country,
            "Owner": companies.owner(place, staff.AES_AMERICAS, staff.AES_EUROPE),
            "Created": local(crm.account_at, "%d.%m.%Y"),
        }
    )
    return accounts[ever(crm.account_at)]
