"""What the billing system exports: one row per customer, dates the American way."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ingestion.sandbox import rates
from ingestion.sandbox.moments import ever, local, numbered
from ingestion.sandbox.opportunities import LOST

if TYPE_CHECKING:
    from ingestion.sandbox.crm import Crm


def billing_exports(rng: np.random.Generator, crm: Crm) -> dict[str, pd.DataFrame]:
    """Return the customers: companies with a won deal, and some that the CRM never heard of."""
    deals, companies = crm.deals, crm.companies
    company = crm.people.company[deals.person]
    since = np.full(len(companies.name), np.nan)
    is_first = deals.is_won & ~deals.is_renewal
    np.fmin.at(since, company[is_first], deals.closed_at[is_first])
    left = np.zeros(len(companies.name), dtype=bool)
    left[company[deals.is_renewal & (deals.history.current == LOST)]] = True
    left |= rng.random(len(left)) < rates.CUSTOMER_INACTIVE

    customers = pd.DataFrame(
        {
            "customer_no": numbered("CUST-", since),
            "crm_account_id": crm.account_id,
            "name": companies.name,
            "country": companies.country,
            "state": np.where(left, "cancelled", "active"),
            "customer_since": local(since, "%m/%d/%Y"),
        }
    )[ever(since)]
    strangers = customers.head(max(2, round(rates.CUSTOMER_UNKNOWN * len(customers)))).copy()
    strangers["customer_no"] = "CUST-9" + strangers["customer_no"].str[-5:]
    strangers["crm_account_id"] = None
    strangers["name"] = "Walk-in " + strangers["customer_no"].str[-3:]
    return {"billing_customers.csv": pd.concat([customers, strangers], ignore_index=True)}
