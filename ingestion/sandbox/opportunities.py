"""What becomes of the opportunities, and of the customers that they win."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ingestion.sandbox import rates
from ingestion.sandbox.history import History, write_history
from ingestion.sandbox.moments import (
    DAY,
    Flags,
    Moments,
    Numbers,
    Texts,
    ever,
    later,
    only,
    working,
)

if TYPE_CHECKING:
    from ingestion.sandbox.journeys import Journeys

DISCOVERY, QUALIFICATION, PROPOSAL = "Discovery", "Qualification", "Proposal/Quote"
NEGOTIATION, WON, LOST = "Negotiation", "Closed Won", "Closed Lost"


@dataclass(frozen=True)
class Opportunities:
    """One entry per opportunity in every array; `person` is a place in People."""

    person: Numbers
    is_renewal: Flags
    product: Texts
    amount: Moments
    created_at: Moments
    closed_at: Moments
    is_won: Flags
    history: History

    def __len__(self) -> int:
        return len(self.person)


def draw_opportunities(rng: np.random.Generator, journeys: Journeys) -> Opportunities:
    """Make up new business, in the order of the people, and after it the renewals."""
    person = np.flatnonzero(ever(journeys.opportunity_at))
    size = len(person)

    def chance(rate: float) -> Flags:
        return np.asarray(rng.random(size) < rate)

    names = np.array(list(rates.PRODUCTS), dtype=object)
    share, factor, price = np.array(list(rates.PRODUCTS.values())).T
    kind = rng.choice(len(names), size, p=share)
    wins_by_source = {name: wins for name, (_, wins) in rates.SOURCES.items()}
    by_source = pd.Series(journeys.people.source).map(wins_by_source).fillna(1.0).to_numpy()
    amount = np.round(price[kind] * np.exp(0.5 * rng.standard_normal(size)), -2)

    stalls = chance(rates.STALLS)
    wins = ~stalls & (rng.random(size) < rates.WON * factor[kind] * by_source[person])
    furthest = np.where(wins, 3, rng.choice(4, size, p=(0.08, 0.27, 0.4, 0.25)))
    created = journeys.opportunity_at[person]
    opens_qualified = chance(rates.OPENS_QUALIFIED)
    moved = only(~opens_qualified & (furthest >= 1), later(rng, created, 8))
    qualified = np.where(opens_qualified, created, moved)
    proposed = only(furthest >= 2, later(rng, qualified, 14))
    back = only(chance(rates.STEPS_BACK), later(rng, proposed, 4))
    proposed_again = later(rng, back, 5)
    latest = np.where(ever(back), proposed_again, proposed)
    negotiates = (furthest >= 3) & ~chance(rates.SKIPS_NEGOTIATION)
    negotiated = only(negotiates, later(rng, latest, 12))
    arrived = [created, qualified, latest, np.where(negotiates, negotiated, latest)]
    closed = only(~stalls, later(rng, np.choose(furthest, arrived), 10))

    won = wins & ever(closed)
    due = np.where(won, closed + 365 * DAY, np.nan)
    asked = only(won, working(rng, due - 60 * DAY))
    renewal = np.flatnonzero(ever(asked))
    renewed = chance(rates.RENEWS)[renewal]
    decided = only(ever(asked), working(rng, due))[renewal]

    first = np.where(opens_qualified, QUALIFICATION, DISCOVERY).astype(object)
    new_business = [
        (QUALIFICATION, moved),
        (PROPOSAL, proposed),
        (QUALIFICATION, back),
        (PROPOSAL, proposed_again),
        (NEGOTIATION, negotiated),
        (WON, only(wins, closed)),
        (LOST, only(~wins, closed)),
    ]
    none = np.full(len(renewal), np.nan)
    of_renewals = dict.fromkeys((WON, LOST), none)
    of_renewals |= {WON: only(renewed, decided), LOST: only(~renewed, decided)}
    steps = [(to, np.append(at, of_renewals.get(to, none))) for to, at in new_business]
    return Opportunities(
        person=np.append(person, person[renewal]),
        is_renewal=np.arange(size + len(renewal)) >= size,
        product=np.append(names[kind], names[kind][renewal]),
        amount=np.append(amount, amount[renewal]),
        created_at=np.append(created, asked[renewal]),
        closed_at=np.append(closed, decided),
        is_won=np.append(won, renewed & ever(decided)),
        history=write_history(
            np.append(first, np.full(len(renewal), NEGOTIATION, dtype=object)), steps
        ),
    )
