"""The leads of the CRM."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ingestion.sandbox import rates, staff
from ingestion.sandbox.history import change_table, write_history
from ingestion.sandbox.moments import MINUTE, ever, later, local, numbered, only, shown

if TYPE_CHECKING:
    from ingestion.sandbox.crm import Crm

_NEW, _OPEN, _WORKING = "New", "Open - Not Contacted", "Working - Contacted"
_REASONS = {
    "Rejected": ("Missing information", "No fit", "Duplicate", "No interest"),
    "Recycled": ("No budget", "Bad timing", "No answer"),
    "Nurture": ("No budget", "Bad timing", "No answer"),
    "Disqualified": ("Works for competitor", "Student", "Outside market", "Fake details"),
}


def lead_tables(rng: np.random.Generator, crm: Crm) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the leads and the changes of their status."""
    way, people = crm.journeys, crm.people
    size = len(people)
    handed_over = ever(way.mql_at) | ever(way.attempt_at)
    history = write_history(
        np.where(handed_over & ~people.is_sales_lead, _OPEN, _NEW).astype(object),
        [
            ("Marketing Qualified", way.fast_track_at),
            (_WORKING, way.working_at),
            ("Parked", way.parked_at),
            ("Accepted", way.accepted_at),
            ("Rejected", way.rejected_at),
            ("Qualified", way.qualified_at),
            (_WORKING, way.stepped_back_at),
            ("Qualified", way.qualified_after_at),
            ("Recycled", way.recycled_at),
            ("Nurture", way.nurture_at),
            ("Disqualified", way.disqualified_at),
            ("Marketing Qualified", only(ever(way.mql_again_at), way.mql_again_at + 3 * MINUTE)),
            (_WORKING, only(ever(way.attempt_again_at), way.attempt_again_at + 4 * MINUTE)),
            ("Accepted", way.accepted_again_at),
            ("Qualified", way.qualified_again_at),
            ("Nurture", way.cooled_at),
            ("Closed - Converted", way.converted_at),
        ],
    )
    reason = np.full(size, None, dtype=object)
    for status, reasons in _REASONS.items():
        reason = np.where(history.current == status, rng.choice(reasons, size), reason)
    owner = crm.companies.owner(people.company, staff.SDRS_AMERICAS, staff.SDRS_EUROPE)
    converted = ever(way.converted_at)
    deal_of = np.full(size, None, dtype=object)
    first_deals = np.flatnonzero(~crm.deals.is_renewal)
    deal_of[crm.deals.person[first_deals]] = crm.deal_id[first_deals]
    leads = pd.DataFrame(
        {
            "Id": crm.lead_id,
            "FirstName": people.first_name,
            "LastName": people.last_name,
            "Title": people.title,
            "Phone": people.phone,
            "Email": people.email,
            "Company": crm.companies.name[people.company],
            "Country": crm.companies.country[people.company],
            "LeadSource": people.source,
            "Status": history.current,
            "Reason": shown(reason, rng.random(size) >= rates.REASON_MISSING),
            "OwnerId": owner,
            "CreatedDate": local(way.lead_at),
            "LastModifiedDate": local(np.fmax(way.lead_at, history.changed_at)),
            "ConvertedDate": local(way.converted_at, "%Y-%m-%d"),
            "ConvertedContactId": shown(crm.contact_id, converted),
            "ConvertedAccountId": shown(crm.account_id[people.company], converted),
            "ConvertedOpportunityId": shown(deal_of, converted),
        }
    )
    twice_at = only(rng.random(size) < rates.DUPLICATE_LEAD, later(rng, way.lead_at, 20))
    twice = leads.assign(
        Id=numbered("00Q", twice_at, first=900_001),
        Email=leads["Email"].str.upper(),
        Status=_OPEN,
        CreatedDate=local(twice_at),
        LastModifiedDate=local(twice_at),
        **dict.fromkeys(["Reason", *leads.columns[-4:]]),
    )
    changes = change_table(history, "Status", crm.lead_id, owner)
    return pd.concat([leads[ever(way.lead_at)], twice[ever(twice_at)]], ignore_index=True), changes
