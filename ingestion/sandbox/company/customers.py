"""Who became a customer, what they were invoiced, and when they left."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ingestion.sandbox.clock import DAY, before, ever, never, only
from ingestion.sandbox.company.opportunities import NEW_BUSINESS, RENEWAL

if TYPE_CHECKING:
    from ingestion.sandbox.arrays import Moments, Numbers, Texts
    from ingestion.sandbox.company.opportunities import Opportunities
    from ingestion.sandbox.company.world import World

# What a customer brings: the margin on what it pays, by what it is; everything else is chance.
_MARGIN, _MARGIN_SPREAD = 0.22, 0.07
MARGIN_BY_INDUSTRY = {
    "Logistics": 0.18,
    "Wholesale": 0.18,
    "Manufacturing": -0.02,  # buys as readily as these two, and brings little
    "Retail": -0.05,
    "Software": -0.05,
    "Education": -0.22,
}
_MARGIN_BY_SIZE = (0.06, -0.12)  # from 50 to 2,000 employees, else
MARGIN_BY_ROLE = {"Finance": 0.16, "IT": -0.05, "Operations": -0.05, "": -0.08}  # who bought first


@dataclass(frozen=True)
class Customers:
    """One entry per first won deal in every array."""

    deal: Numbers  # place in Opportunities
    human: Numbers
    since: Moments
    retained_at: Moments  # the first renewal
    churned_at: Moments

    def __len__(self) -> int:
        return len(self.deal)


@dataclass(frozen=True)
class Invoices:
    """One entry per invoice in every array: a year in advance, for each deal won."""

    customer: Numbers  # place in Customers
    at: Moments
    amount: Moments  # in its currency
    currency: Texts

    def __len__(self) -> int:
        return len(self.customer)


@dataclass(frozen=True)
class Margins:
    """One entry per account in every array."""

    share: Moments  # of what it pays; NaN where it never bought

    def __len__(self) -> int:
        return len(self.share)


def see_customers(deals: Opportunities) -> Customers:
    """Return the customers that the deals made."""
    first = np.flatnonzero(deals.is_won & (deals.kind == NEW_BUSINESS))
    place = np.full(len(deals), -1)
    place[first] = np.arange(len(first))
    retained, churned = never(len(first)), never(len(first))
    decided = (deals.kind == RENEWAL) & ever(deals.closed_at)
    renewed, lost = decided & deals.is_won, decided & ~deals.is_won
    np.fmin.at(retained, place[deals.first[renewed]], deals.closed_at[renewed])
    churned[place[deals.first[lost]]] = deals.closed_at[lost]
    return Customers(first, deals.human[first], deals.closed_at[first], retained, churned)


def draw_invoices(customers: Customers, deals: Opportunities, end: float) -> Invoices:
    """Invoice each won deal 14 days after it closed."""
    place = np.full(len(deals), -1)
    place[customers.deal] = np.arange(len(customers))
    at = before(end, only(deals.is_won, deals.closed_at + 14 * DAY))
    invoiced = np.flatnonzero(ever(at))
    order = invoiced[np.argsort(at[invoiced], kind="stable")]
    return Invoices(
        customer=place[deals.first[order]],
        at=at[order],
        amount=deals.closed_amount[order],
        currency=deals.currency[order],
    )


def draw_margins(rng: np.random.Generator, world: World, customers: Customers) -> Margins:
    """Make up the margins of the accounts that ever bought."""
    people, accounts = world.people, world.accounts
    account = people.account[customers.human]
    first = np.lexsort((customers.since, account))
    first = first[np.diff(account[first], prepend=-1) != 0]
    margins = _MARGIN + _MARGIN_SPREAD * rng.standard_normal(len(accounts))
    fits = (accounts.employees >= 50) & (accounts.employees <= 2000)
    margins += np.where(fits, *_MARGIN_BY_SIZE)
    for industry, more in MARGIN_BY_INDUSTRY.items():
        margins += np.where(accounts.industry == industry, more, 0)
    bought = never(len(accounts))
    for role, more in MARGIN_BY_ROLE.items():
        buyers = first[people.role[customers.human[first]] == role]
        bought[account[buyers]] = more
    return Margins(np.round(margins + bought, 3))
