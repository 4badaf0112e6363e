"""The opportunities of the CRM."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ingestion.sandbox import rates
from ingestion.sandbox.moments import DAY, ever, local, numbered, shown

if TYPE_CHECKING:
    from ingestion.sandbox.crm import Crm
    from ingestion.sandbox.moments import Flags

_DATE = "%Y-%m-%d"
_LOSS_REASONS = ("Price", "Competitor", "No decision", "Missing feature", "Went silent", "Other")
_PROBABILITIES = {
    "Discovery": 10,
    "Qualification": 25,
    "Proposal/Quote": 50,
    "Negotiation": 75,
    "Closed Won": 100,
    "Closed Lost": 0,
}


def opportunity_table(rng: np.random.Generator, crm: Crm) -> pd.DataFrame:
    """Return the opportunities; some won deals were signed before anybody wrote a first contact."""
    deals, size = crm.deals, len(crm.deals)
    company = crm.people.company[deals.person]
    is_lost = ever(deals.closed_at) & ~deals.is_won
    has_reason = is_lost & (rng.random(size) >= rates.REASON_MISSING)
    stage = deals.history.current
    changed_at = np.fmax(deals.created_at, deals.history.changed_at)
    first_at = crm.journeys.first_at[deals.person]
    is_early = _some(rng, deals.is_won & ~deals.is_renewal, rates.DEAL_WON_BEFORE_CONTACT)
    closed_at = np.where(is_early, first_at - (3 + 27 * rng.random(size)) * DAY, deals.closed_at)
    what = np.where(deals.is_renewal, " renewal", "").astype(object)
    has_account = rng.random(size) >= rates.DEAL_WITHOUT_ACCOUNT
    return pd.DataFrame(
        {
            "Id": crm.deal_id,
            "Name": crm.companies.name[company] + ", " + deals.product + what,
            "AccountId": shown(crm.account_id[company], has_account),
            "OwnerId": crm.deal_owner,
            "Pipeline": np.where(deals.is_renewal, "Renewals", "New Business"),
            "Type": np.where(deals.is_renewal, "Renewal", "New Customer"),
            "Product": deals.product,
            "StageName": stage,
            "LastStageChangeDate": local(changed_at),
            "IsClosed": np.where(ever(deals.closed_at), "true", "false"),
            "IsWon": np.where(deals.is_won, "true", "false"),
            "Amount": deals.amount.astype(np.int64),
            "Probability": pd.Series(stage).map(_PROBABILITIES),
            "LeadSource": crm.people.source[deals.person],
            "LossReason": shown(rng.choice(_LOSS_REASONS, size).astype(object), has_reason),
            "CreatedDate": local(deals.created_at),
            "CloseDate": local(closed_at, _DATE),
            "ExpectedCloseDate": local(deals.created_at + 60 * DAY, _DATE),
            "LastModifiedDate": local(changed_at),
        }
    )


def contact_role_table(rng: np.random.Generator, crm: Crm) -> pd.DataFrame:
    """Return who is attached to an opportunity: its person first, some colleagues beside."""
    deals, company = crm.deals, crm.people.company
    size = len(deals)
    is_left_out = ~deals.is_renewal & (rng.random(size) < rates.DEAL_WITHOUT_ROLE)
    primary = np.flatnonzero(~is_left_out)
    contacts = np.flatnonzero(ever(crm.journeys.contact_at))
    contacts = contacts[np.argsort(company[contacts], kind="stable")]
    of_deal = company[deals.person[primary]]
    start = np.searchsorted(company[contacts], of_deal, side="left")
    end = np.searchsorted(company[contacts], of_deal, side="right")
    colleague = contacts[start + np.floor((end - start) * rng.random(len(primary))).astype(int)]
    other = colleague != deals.person[primary]
    deal = np.append(primary, primary[other])
    person = np.append(deals.person[primary], colleague[other])
    is_primary = np.arange(len(deal)) < len(primary)
    return pd.DataFrame(
        {
            "Id": numbered("00K", np.arange(len(deal), dtype=float)),
            "OpportunityId": crm.deal_id[deal],
            "ContactId": crm.contact_id[person],
            "Role": np.where(is_primary, "Decision Maker", "Influencer"),
            "IsPrimary": np.where(is_primary, "true", "false"),
        }
    )


def _some(rng: np.random.Generator, among: Flags, rate: float) -> Flags:
    """This share of them, at least one if there is any."""
    places = np.flatnonzero(among)
    count = min(len(places), max(1, round(rate * len(places))))
    chosen: Flags = np.isin(np.arange(len(among)), rng.choice(places, count, replace=False))
    return chosen
