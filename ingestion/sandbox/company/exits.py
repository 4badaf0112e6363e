"""How each round ended: by an answer of sales, by its deals, or by silence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ingestion.sandbox.clock import DAY, ever, never, only
from ingestion.sandbox.company.answers import DISQUALIFIED, RECYCLED, REJECTED
from ingestion.sandbox.company.opportunities import NEW_BUSINESS, RENEWAL
from ingestion.sandbox.company.touches import CLICKED, RESPONSES, VISIT

if TYPE_CHECKING:
    from ingestion.sandbox.arrays import Moments, Texts
    from ingestion.sandbox.company.attempts import Attempts
    from ingestion.sandbox.company.opportunities import Opportunities
    from ingestion.sandbox.company.rounds import Rounds
    from ingestion.sandbox.company.touches import Touches

OPEN, WON, LOST, CHURNED, EXPIRED = "open", "won", "lost", "churned", "expired"
# What the company agreed on: a round without a sign of life for so long is over.
EXPIRY = 180 * DAY
# Mail that a machine sends or opens is none.
_SIGNS_OF_LIFE = (*RESPONSES, VISIT, CLICKED)


@dataclass(frozen=True)
class Exits:
    """One entry per round in every array."""

    outcome: Texts  # open, won or how it ended
    ended_at: Moments  # never while it is open or won
    last_sign_at: Moments  # the last thing that anybody did


def see_exits(
    rounds: Rounds,
    touches: Touches,
    attempts: Attempts,
    deals: Opportunities,
    end: float,
) -> Exits:
    """Return how each round stands at the end."""
    size = len(rounds)
    outcome = np.full(size, OPEN, dtype=object)
    ended = never(size)
    for exit_, at in (
        (REJECTED, rounds.rejected_at),
        (RECYCLED, rounds.recycled_at),
        (DISQUALIFIED, rounds.disqualified_at),
    ):
        outcome[ever(at)] = exit_
        ended = np.where(ever(at), at, ended)
    new = np.flatnonzero(deals.kind == NEW_BUSINESS)
    is_lost = ever(deals.closed_at[new]) & ~deals.is_won[new]
    lost, won = deals.round[new[is_lost]], deals.round[new[deals.is_won[new]]]
    outcome[lost] = LOST
    ended[lost] = deals.closed_at[new[is_lost]]
    outcome[won] = WON
    renewals = np.flatnonzero((deals.kind == RENEWAL) & ever(deals.closed_at) & ~deals.is_won)
    outcome[deals.round[renewals]] = CHURNED
    ended[deals.round[renewals]] = deals.closed_at[renewals]

    last = np.fmax.reduce([rounds.begins_at, *_moments(rounds)])
    signs = np.isin(touches.kind, _SIGNS_OF_LIFE)
    np.fmax.at(last, touches.round[signs], touches.at[signs])
    done = attempts.is_completed & (attempts.owner >= 0)
    np.fmax.at(last, attempts.round[done], attempts.at[done])
    np.fmax.at(last, deals.round, deals.created_at)
    np.fmax.at(last, deals.round[deals.change_of], deals.change_at)
    expires = (outcome == OPEN) & (last + EXPIRY < end)
    outcome[expires] = EXPIRED
    return Exits(outcome, np.where(expires, last + EXPIRY, ended), last)


def _moments(rounds: Rounds) -> list[Moments]:
    return [
        rounds.mql_at,
        only(ever(rounds.mql_at), rounds.crm_at),
        rounds.attempt_at,
        rounds.accepted_at,
        rounds.qualified_at,
        rounds.stepped_back_at,
        rounds.requalified_at,
        rounds.parked_at,
    ]
