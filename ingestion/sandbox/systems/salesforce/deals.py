"""Opportunities as the CRM keeps them: stages over time, who is attached."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ingestion.sandbox.chance import some, stream
from ingestion.sandbox.clock import DAY, ever, only
from ingestion.sandbox.company.opportunities import LOST, NEGOTIATION, NEW_BUSINESS, WON
from ingestion.sandbox.systems.slips import Changes, chain, flicker

if TYPE_CHECKING:
    from ingestion.sandbox.arrays import Flags, Moments, Numbers
    from ingestion.sandbox.company.company import Company
    from ingestion.sandbox.systems.salesforce.contacts import Contacts

STAGES = (
    "Discovery", "Qualification", "Proposal/Quote", "Negotiation", "Closed Won", "Closed Lost",
)  # fmt: skip
PROBABILITIES = np.array([10.0, 25.0, 50.0, 75.0, 100.0, 0.0])
FORECASTS = ("Pipeline", "Pipeline", "Best Case", "Commit", "Closed", "Omitted")


@dataclass(frozen=True)
class Deals:
    """One entry per opportunity in every array; `deal` is its place in the company's deals."""

    deal: Numbers
    stages: Changes  # codes are places in STAGES, records places here
    has_account: Flags
    has_role: Flags
    close_day_shown: Moments  # a close date that is wrong; never where it is right
    expected_at: Moments  # the close date while the deal is open

    def __len__(self) -> int:
        return len(self.deal)


@dataclass(frozen=True)
class Roles:
    """One entry per role of a contact in an opportunity in every array."""

    deal: Numbers  # place in Deals
    contact: Numbers  # place in Contacts
    is_primary: Flags


def draw_deals(company: Company, members: Flags) -> Deals:
    """Write the deals of these people down, with the slips of those who write."""
    deals, settings = company.deals, company.settings
    seed, mess = settings.seed, settings.mess
    own = np.flatnonzero(members[deals.human])
    own = own[np.argsort(deals.created_at[own], kind="stable")]
    place = np.full(len(deals), -1)
    place[own] = np.arange(len(own))
    kept = place[deals.change_of] >= 0
    record, at = place[deals.change_of[kept]], deals.change_at[kept].copy()
    new = deals.change_to[kept]
    # One save, two stamps: the last step is written down together with the signature.
    meets = some(stream(seed, "salesforce deals same second"), len(deals), mess.same_second)
    order = np.lexsort((at, record))
    record, at, new = record[order], at[order], new[order]
    together = meets[own][record[:-1]] & (record[:-1] == record[1:])
    together &= (new[:-1] == NEGOTIATION) & (new[1:] == WON)
    at[:-1] = np.where(together, at[1:], at[:-1])
    first = deals.opening[own]
    stages = flicker(
        stream(seed, "salesforce stage flicker"),
        first,
        chain(first, record, at, new),
        settings,
        spared=(WON, LOST),
    )

    size = len(deals)
    rng = stream(seed, "salesforce deals")
    is_new = deals.kind == NEW_BUSINESS
    has_account = ~some(rng, size, mess.deal_without_account)
    has_role = ~(is_new & some(rng, size, mess.deal_without_role))
    is_early = deals.is_won & is_new & some(rng, size, mess.deal_before_contact)
    days = 3 + 27 * rng.random(size)
    shown = only(is_early, company.people.first_at[deals.human] - days * DAY)
    return Deals(
        deal=own,
        stages=stages,
        has_account=has_account[own],
        has_role=has_role[own],
        close_day_shown=shown[own],
        expected_at=deals.created_at[own] + (30 + 60 * rng.random(size))[own] * DAY,
    )


def draw_roles(company: Company, deals: Deals, contacts: Contacts) -> Roles:
    """Attach the deal's person, and beside them a colleague where there is one by then."""
    account = company.people.account
    human = company.deals.human[deals.deal]
    contact = contacts.of_human[human]
    primary = np.flatnonzero(deals.has_role & (contact >= 0))
    by_account = np.argsort(account[contacts.human], kind="stable")
    accounts = account[contacts.human[by_account]]
    start = np.searchsorted(accounts, account[human[primary]], side="left")
    stop = np.searchsorted(accounts, account[human[primary]], side="right")
    rng = stream(company.settings.seed, "salesforce roles")
    drawn = rng.random(len(company.deals))[deals.deal[primary]]
    colleague = by_account[start + np.floor((stop - start) * drawn).astype(np.int64)]
    created = company.deals.created_at[deals.deal[primary]]
    joins = (colleague != contact[primary]) & (contacts.created_at[colleague] <= created)
    return Roles(
        deal=np.append(primary, primary[joins]),
        contact=np.append(contact[primary], colleague[joins]),
        is_primary=np.append(np.ones(len(primary), bool), np.zeros(int(joins.sum()), bool)),
    )


def closings(deals: Deals) -> tuple[Numbers, Moments]:
    """Return per deal the last closing stage (-1 while open at the end) and when it was entered."""
    changes, size = deals.stages, len(deals)
    is_last = np.diff(changes.record, append=-1) != 0
    stage, at = np.full(size, -1), np.full(size, np.nan)
    last = changes.record[is_last]
    is_closed = np.isin(changes.new[is_last], (WON, LOST))
    stage[last[is_closed]] = changes.new[is_last][is_closed]
    at[last[is_closed]] = changes.at[is_last][is_closed]
    return stage, only(ever(at), at)
