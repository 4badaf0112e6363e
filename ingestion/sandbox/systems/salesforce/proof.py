"""What the CRM's records prove about the stages that were really entered."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ingestion.sandbox.clock import ever
from ingestion.sandbox.company.answers import DISQUALIFIED, RECYCLED, REJECTED
from ingestion.sandbox.company.opportunities import (
    DISCOVERY,
    LOST,
    NEGOTIATION,
    NEW_BUSINESS,
    PROPOSAL,
    QUALIFICATION,
    RENEWAL,
    WON,
)
from ingestion.sandbox.systems import held, lead_status
from ingestion.sandbox.systems.held import Evidence
from ingestion.sandbox.systems.salesforce.contacts import see_customership
from ingestion.sandbox.systems.salesforce.retention import HISTORY_KEPT
from ingestion.sandbox.systems.slips import keys

if TYPE_CHECKING:
    from ingestion.sandbox.arrays import Moments, Numbers
    from ingestion.sandbox.systems.salesforce.org import Org
    from ingestion.sandbox.systems.slips import Changes

# Stage or exit -> the moments of Rounds that a status proves, and that status.
_BY_STATUS = {
    held.SAL: ("accepted_at", (lead_status.ACCEPTED,)),
    held.SQL: ("qualified_at", (lead_status.QUALIFIED,)),
    REJECTED: ("rejected_at", (lead_status.REJECTED,)),
    RECYCLED: ("recycled_at", (lead_status.RECYCLED, lead_status.NURTURE)),
    DISQUALIFIED: ("disqualified_at", (lead_status.DISQUALIFIED,)),
}


def see_evidence(org: Org, statuses: Changes) -> Evidence:
    """Return what the lead history (24 months) tells, and deals and contacts' stamps (for ever)."""
    company, leads, deals = org.company, org.leads, org.deals
    rounds = company.rounds
    parts: list[tuple[Numbers, str, Moments, Moments]] = []
    kept = HISTORY_KEPT if company.settings.mess.purged_history else np.inf
    told_at = keys(statuses.record, statuses.at)
    for stage, (field, values) in _BY_STATUS.items():
        at = getattr(rounds, field)
        round_ = np.flatnonzero(ever(at) & (leads.of_round >= 0))
        told = told_at[np.isin(statuses.new, values)]
        round_ = round_[np.isin(keys(leads.of_round[round_], at[round_]), told)]
        parts.append((round_, stage, at[round_], at[round_] + kept))

    all_deals = company.deals
    # A deal tells of a person through a role or through the lead that became it.
    tells = deals.has_role | (leads.of_round[all_deals.round[deals.deal]] >= 0)
    own = deals.deal[(all_deals.kind[deals.deal] == NEW_BUSINESS) & tells]
    opened = own[all_deals.opening[own] == DISCOVERY]
    parts.append(_for_ever(all_deals.round[opened], held.SQL, all_deals.created_at[opened]))
    opened = own[all_deals.opening[own] != DISCOVERY]
    parts.append(_for_ever(all_deals.round[opened], held.OPPORTUNITY, all_deals.created_at[opened]))
    is_own = np.zeros(len(all_deals), dtype=bool)
    is_own[own] = True
    for stage, moves in (
        (held.OPPORTUNITY, (QUALIFICATION, PROPOSAL, NEGOTIATION)),
        (held.WON, (WON,)),
        ("lost", (LOST,)),
    ):
        change = np.isin(all_deals.change_to, moves) & is_own[all_deals.change_of]
        round_ = all_deals.round[all_deals.change_of[change]]
        parts.append(_for_ever(round_, stage, all_deals.change_at[change]))
    parts += _of_customers(org)
    return Evidence(
        round=np.concatenate([part[0] for part in parts]),
        stage=np.repeat(
            np.array([part[1] for part in parts], dtype=object), [len(part[0]) for part in parts]
        ),
        at=np.concatenate([part[2] for part in parts]),
        shown_until=np.concatenate([part[3] for part in parts]),
    )


def _of_customers(org: Org) -> list[tuple[Numbers, str, Moments, Moments]]:
    """The stamps of a contact tell the first renewal and the first loss, whatever comes later."""
    deals, contacts = org.company.deals, org.contacts
    stamps = see_customership(org.company, contacts)
    renewals = np.flatnonzero((deals.kind == RENEWAL) & ever(deals.closed_at))
    renewals = renewals[contacts.of_human[deals.human[renewals]] >= 0]
    of_contact = contacts.of_human[deals.human[renewals]]
    parts = []
    for stage, stamp, is_won in (
        (held.RETAINED, stamps.retained_at, True),
        ("churned", stamps.churned_at, False),
    ):
        told = stamp[of_contact] == deals.closed_at[renewals]
        those = renewals[told & (deals.is_won[renewals] == is_won)]
        parts.append(_for_ever(deals.round[those], stage, deals.closed_at[those]))
    return parts


def _for_ever(round_: Numbers, stage: str, at: Moments) -> tuple[Numbers, str, Moments, Moments]:
    return round_, stage, at, np.full(len(at), np.inf)
