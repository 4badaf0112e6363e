"""Rounds as passes of the agreement: numbered, with what they really entered and how they ended."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ingestion.sandbox.clock import DAY, ever, never
from ingestion.sandbox.company.exits import WON as WON_OUTCOME
from ingestion.sandbox.company.opportunities import (
    DISCOVERY,
    LOST,
    NEW_BUSINESS,
    RENEWAL,
    WON,
)
from ingestion.sandbox.company.people import MARKETING
from ingestion.sandbox.systems.held import (
    INQUIRY,
    MQL,
    OPPORTUNITY,
    RETAINED,
    SAL,
    SQL,
    STAGES,
)
from ingestion.sandbox.systems.held import WON as WON_STAGE

if TYPE_CHECKING:
    from ingestion.sandbox.arrays import Flags, Moments, Numbers, Texts
    from ingestion.sandbox.company.company import Company

# As the agreement says: back within this time is the same pass.
REENTRY = 30 * DAY


@dataclass(frozen=True)
class Passes:
    """Arrays per round: its pass, and its entries; `entered[stage]` is never where it was not."""

    number: Numbers  # of the human's passes, from 1; 0 for a round that entered nothing
    entered: dict[str, Moments]
    is_last: Flags  # the last round of its pass: its outcome is the pass's


def see_passes(company: Company) -> Passes:
    """Return which pass each round belongs to, by the law's re-entry window."""
    rounds, exits = company.rounds, company.exits
    entered = _entries(company)
    counts = ever(np.fmax.reduce([entered[stage] for stage in STAGES]))
    order = np.lexsort((rounds.number, rounds.human))
    order = order[counts[order]]
    human = rounds.human[order]
    is_first = np.diff(human, prepend=-1) != 0
    former_end = np.roll(exits.ended_at[order], 1)
    former_won = np.roll(exits.outcome[order] == WON_OUTCOME, 1)
    begins = np.fmin.reduce([entered[stage] for stage in STAGES])[order]
    starts = is_first | former_won | (begins - former_end > REENTRY)
    so_far = np.cumsum(starts)
    base = np.maximum.accumulate(np.where(is_first, so_far - 1, 0))
    number = np.zeros(len(rounds), dtype=np.int64)
    number[order] = so_far - base
    is_last = np.zeros(len(rounds), dtype=bool)
    is_last[order] = np.append(starts[1:], True)
    return Passes(number, entered, is_last)


def decisions(company: Company) -> tuple[Texts, Moments]:
    """Return what sales answered to each round, and when; None and never for no answer."""
    rounds = company.rounds
    decision = np.full(len(rounds), None, dtype=object)
    decision[ever(rounds.rejected_at)] = "rejected"
    decision[ever(rounds.accepted_at)] = "accepted"
    return decision, np.fmin(rounds.accepted_at, rounds.rejected_at)


def _entries(company: Company) -> dict[str, Moments]:
    """The first entry of each round into each stage."""
    rounds, deals = company.rounds, company.deals
    size = len(rounds)
    by_marketing = (rounds.entry == MARKETING) & company.people.responds[rounds.human]
    sql, opportunity, won, retained = (never(size) for _ in range(4))
    new = np.flatnonzero(deals.kind == NEW_BUSINESS)
    discovers = new[deals.opening[new] == DISCOVERY]
    qualifies = new[deals.opening[new] != DISCOVERY]
    np.fmin.at(sql, deals.round[discovers], deals.created_at[discovers])
    np.fmin.at(opportunity, deals.round[qualifies], deals.created_at[qualifies])
    of_new = deals.kind[deals.change_of] == NEW_BUSINESS
    advances = of_new & ~np.isin(deals.change_to, (DISCOVERY, WON, LOST))
    for stage, changes in ((opportunity, advances), (won, of_new & (deals.change_to == WON))):
        np.fmin.at(stage, deals.round[deals.change_of[changes]], deals.change_at[changes])
    renewed = np.flatnonzero((deals.kind == RENEWAL) & deals.is_won)
    np.fmin.at(retained, deals.round[renewed], deals.closed_at[renewed])
    # A lead that is converted is qualified, whatever its opportunity opens with.
    converted = np.where(
        ever(rounds.crm_at) & ever(rounds.accepted_at), rounds.opportunity_at, np.nan
    )
    return {
        INQUIRY: np.where(by_marketing, rounds.begins_at, np.nan),
        MQL: rounds.mql_at,
        SAL: rounds.accepted_at,
        SQL: np.fmin(np.fmin(rounds.qualified_at, sql), converted),
        OPPORTUNITY: opportunity,
        WON_STAGE: won,
        RETAINED: retained,
    }
