"""Contacts and accounts: whom the CRM knows once there is business with them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ingestion.sandbox.chance import some, stream
from ingestion.sandbox.clock import DAY, before, ever, gap, never, only
from ingestion.sandbox.company.people import SALES_CONTACT

if TYPE_CHECKING:
    from ingestion.sandbox.arrays import Flags, Moments, Numbers
    from ingestion.sandbox.company.company import Company

_OPENED_BY_CHANCE = 0.3  # of accounts: a rep opens them before anybody there is a contact

# A contact's life as a customer.
LIFECYCLES = ("Prospect", "Opportunity", "Customer", "Retained", "Churned")
PROSPECT, IN_OPPORTUNITY, CUSTOMER, RETAINED, CHURNED = range(len(LIFECYCLES))


@dataclass(frozen=True)
class Contacts:
    """One entry per contact in every array, in the order of their creation."""

    human: Numbers
    created_at: Moments
    of_human: Numbers  # per human: the place of their contact, -1 for none
    was_there: Flags  # before the lead that was converted into it

    def __len__(self) -> int:
        return len(self.human)


@dataclass(frozen=True)
class Customership:
    """One entry per contact in every array: when its company became a customer, and so on."""

    since: Moments
    retained_at: Moments
    churned_at: Moments


def draw_contacts(company: Company, members: Flags) -> Contacts:
    """Give everybody a contact who was converted or added by a rep."""
    rounds, settings = company.rounds, company.settings
    size = len(company.people)
    first = np.full(size, np.inf)
    by_rep = np.flatnonzero(members[rounds.human] & (rounds.entry == SALES_CONTACT))
    np.minimum.at(first, rounds.human[by_rep], rounds.crm_at[by_rep])
    converted = np.full(size, np.inf)
    opens = np.flatnonzero(members[rounds.human] & ever(rounds.opportunity_at))
    np.minimum.at(converted, rounds.human[opens], rounds.opportunity_at[opens])
    rng = stream(settings.seed, "salesforce existing contacts")
    was_there = some(rng, size, settings.mess.existing_contact) & np.isfinite(converted)
    was_there &= ~(first <= converted)
    sooner = company.people.first_at - gap(rng, size, 100 * DAY, 0.8)
    sooner = np.maximum(np.floor(sooner), settings.start)
    created = np.where(was_there, np.minimum(sooner, converted), np.minimum(first, converted))
    human = np.flatnonzero(np.isfinite(created))
    human = human[np.argsort(created[human], kind="stable")]
    of_human = np.full(size, -1)
    of_human[human] = np.arange(len(human))
    return Contacts(human, created[human], of_human, was_there[human])


def see_customership(company: Company, contacts: Contacts) -> Customership:
    """Return when each contact's first deal was won, renewed and lost again."""
    customers = company.customers
    place = contacts.of_human[customers.human]
    known = place >= 0
    moments = []
    for at in (customers.since, customers.retained_at, customers.churned_at):
        per_contact = never(len(contacts))
        np.fmin.at(per_contact, place[known], at[known])
        moments.append(per_contact)
    return Customership(*moments)


def account_openings(company: Company, members: Flags, contacts: Contacts) -> Moments:
    """Return when each account was opened, never for those that the CRM does not know."""
    rng = stream(company.settings.seed, "salesforce accounts")
    size = len(company.accounts)
    settings = company.settings
    by_chance = some(rng, size, _OPENED_BY_CHANCE)
    opened = settings.start + np.floor((settings.end - settings.start) * rng.random(size))
    has_member = np.zeros(size, dtype=bool)
    has_member[company.people.account[members]] = True
    opened = before(settings.end, only(by_chance & has_member, opened))
    np.fmin.at(opened, company.people.account[contacts.human], contacts.created_at)
    return opened
