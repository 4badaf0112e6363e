"""Which stages really entered HubSpot's data prove."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ingestion.sandbox.clock import before, ever, never, only
from ingestion.sandbox.company.answers import DISQUALIFIED, RECYCLED, REJECTED
from ingestion.sandbox.company.opportunities import DISCOVERY as IN_DISCOVERY
from ingestion.sandbox.company.opportunities import LOST as LOST_STAGE
from ingestion.sandbox.company.opportunities import NEW_BUSINESS
from ingestion.sandbox.company.opportunities import WON as WON_STAGE
from ingestion.sandbox.company.touches import RESPONSES, THRESHOLD
from ingestion.sandbox.systems.held import (
    INQUIRY,
    MQL,
    OPPORTUNITY,
    RETAINED,
    SAL,
    SQL,
    WON,
    Evidence,
)

if TYPE_CHECKING:
    from ingestion.sandbox.arrays import Flags, Moments, Numbers
    from ingestion.sandbox.company.company import Company
    from ingestion.sandbox.systems.hubspot.contacts import Contacts
    from ingestion.sandbox.systems.hubspot.deals import Deals

_CHURNED, _LOST = "churned", "lost"
# Classes of stages of deals: entering one from another is an entry.
_OPEN, _CLASSES = 1, np.array([0, 1, 1, 1, 2, 3])


def see_evidence(company: Company, contacts: Contacts, deals: Deals | None) -> Evidence:
    """Return one entry per stage of a round that the data prove, of its deals where it has any.

    No property changes so often that a value which proves a stage makes room for later ones, so
    everything is shown for ever.
    """
    rounds = company.rounds
    every = np.arange(len(rounds))
    parts = [(every, INQUIRY, _inquiries(company)), (every, MQL, _scored(company))]
    if deals is not None:
        parts += [
            (every, SAL, only(rounds.is_acceptance_noted, rounds.accepted_at)),
            (every, SQL, rounds.qualified_at),
            (every, SQL, rounds.requalified_at),
            (every, REJECTED, rounds.rejected_at),
            (every, RECYCLED, rounds.recycled_at),
            (every, DISQUALIFIED, rounds.disqualified_at),
            *_of_deals(company, deals),
            *_of_customers(company),
        ]
    round_ = np.concatenate([part[0] for part in parts])
    at = before(company.settings.end, np.concatenate([part[2] for part in parts]))
    stage = np.repeat(
        np.array([part[1] for part in parts], dtype=object), [len(part[0]) for part in parts]
    )
    known: Flags = contacts.of_human[rounds.human[round_]] >= 0
    kept = np.flatnonzero(ever(at) & known)
    kept = kept[np.lexsort((at[kept], round_[kept]))]
    return Evidence(round_[kept], stage[kept], at[kept], np.full(len(kept), np.inf))


def _inquiries(company: Company) -> Moments:
    """The first response of each round."""
    touches = company.touches
    own = np.isin(touches.kind, RESPONSES)
    first = never(len(company.rounds))
    np.fmin.at(first, touches.round[own], touches.at[own])
    return first


def _scored(company: Company) -> Moments:
    """When the score of each round reached the threshold, as the history of scores has it."""
    rounds, scores = company.rounds, company.scores
    reached = np.flatnonzero((scores.new >= THRESHOLD) & (scores.old < THRESHOLD))
    found = never(len(rounds))
    if not len(reached):
        return found
    # Human and second in one number; scores are sorted by both.
    span = 1 << 34
    keys = scores.human[reached] * span + scores.at[reached].astype(np.int64)
    own = np.flatnonzero(ever(rounds.mql_at))
    wanted = rounds.human[own] * span + rounds.mql_at[own].astype(np.int64)
    place = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    at = scores.at[reached[place]]
    is_own = (scores.human[reached[place]] == rounds.human[own]) & (at >= rounds.mql_at[own])
    found[own] = only(is_own, at)
    return found


def _of_deals(company: Company, deals: Deals) -> list[tuple[Numbers, str, Moments]]:
    """Deals that are opened, won and lost; without a role nobody knows whose they are."""
    all_deals = company.deals
    is_told = np.zeros(len(all_deals), dtype=bool)
    is_told[deals.deal] = deals.has_role
    is_told &= all_deals.kind == NEW_BUSINESS
    discovers = np.flatnonzero(is_told & (all_deals.opening == IN_DISCOVERY))
    opens = np.flatnonzero(is_told & (all_deals.opening != IN_DISCOVERY))
    first = np.diff(all_deals.change_of, prepend=-1) != 0
    came_from = np.where(
        first, all_deals.opening[all_deals.change_of], np.roll(all_deals.change_to, 1)
    )
    enters = is_told[all_deals.change_of]
    enters &= _CLASSES[came_from] != _CLASSES[all_deals.change_to]
    parts = [
        (all_deals.round[discovers], SQL, all_deals.created_at[discovers]),
        (all_deals.round[opens], OPPORTUNITY, all_deals.created_at[opens]),
    ]
    for class_, stage in (
        (_OPEN, OPPORTUNITY),
        (_CLASSES[WON_STAGE], WON),
        (_CLASSES[LOST_STAGE], _LOST),
    ):
        own = np.flatnonzero(enters & (_CLASSES[all_deals.change_to] == class_))
        parts.append((all_deals.round[all_deals.change_of[own]], stage, all_deals.change_at[own]))
    return parts


def _of_customers(company: Company) -> list[tuple[Numbers, str, Moments]]:
    """The lifecycle of a contact goes forward only: it tells the first renewal and loss."""
    customers = company.customers
    round_ = company.deals.round[customers.deal]
    parts = []
    for stage, at in ((RETAINED, customers.retained_at), (_CHURNED, customers.churned_at)):
        first = never(len(company.people))
        np.fmin.at(first, customers.human, at)
        parts.append((round_, stage, only(at == first[customers.human], at)))
    return parts
