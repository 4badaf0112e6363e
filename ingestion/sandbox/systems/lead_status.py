"""The status of a lead: what reps and workflows note down of a round, whatever the CRM calls it."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from ingestion.sandbox.chance import some, stream
from ingestion.sandbox.clock import MINUTE, before, ever, only
from ingestion.sandbox.systems.slips import in_one_second

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ingestion.sandbox.arrays import Flags, Moments, Numbers
    from ingestion.sandbox.company.company import Company

# Codes; each CRM has a word of its own for each. PARKED is one that nobody agreed on.
(
    NO_STATUS, NEW, OPEN, QUALIFIED_BY_MARKETING, WORKING, ACCEPTED, QUALIFIED, REJECTED, RECYCLED,
    NURTURE, DISQUALIFIED, PARKED, CONVERTED,
) = range(13)  # fmt: skip

# A status, and per round when it was noted.
Note: TypeAlias = "tuple[int, Moments]"

_FAST_TRACK = 0.4  # a workflow of the CRM says that marketing has qualified them too
_NOTED_AS_WORKING = 0.8
_AS_NURTURE = 0.3  # of the recycled


def notes(company: Company, system: str) -> list[Note]:
    """Return what is noted of each round after it has reached the CRM, as new or open.

    What was noted later in the list comes later where two moments are one. Who comes back is
    always noted: their status says something else until then.
    """
    rounds, settings = company.rounds, company.settings
    seed, size = settings.seed, len(company.rounds)
    rng = stream(seed, f"{system} status")
    again = rounds.number > 1
    fast = ever(rounds.mql_at) & (some(rng, size, _FAST_TRACK) | again)
    is_noted = some(rng, size, _NOTED_AS_WORKING) | again
    nurture = some(rng, size, _AS_NURTURE)
    accepted = only(rounds.is_acceptance_noted, rounds.accepted_at)
    working = only(is_noted, rounds.attempt_at + 4 * MINUTE)
    rng = stream(seed, f"{system} same second")
    return [
        (QUALIFIED_BY_MARKETING, only(fast, rounds.crm_at + MINUTE)),
        (WORKING, in_one_second(rng, working, accepted, settings.mess.same_second)),
        (PARKED, rounds.parked_at),
        (ACCEPTED, accepted),
        (REJECTED, rounds.rejected_at),
        (QUALIFIED, rounds.qualified_at),
        (WORKING, rounds.stepped_back_at),
        (QUALIFIED, rounds.requalified_at),
        (RECYCLED, only(~nurture, rounds.recycled_at)),
        (NURTURE, only(nurture, rounds.recycled_at)),
        (DISQUALIFIED, rounds.disqualified_at),
        (CONVERTED, rounds.opportunity_at),
    ]


def noted(
    company: Company, notes: Sequence[Note], known: Flags
) -> tuple[Numbers, Numbers, Moments]:
    """Return round, status and moment of each note on the rounds that the CRM knows."""
    end = company.settings.end
    at = np.column_stack([before(end, moments) for _, moments in notes])
    round_, note = np.nonzero(~np.isnan(at) & known[:, None])
    return round_, np.array([status for status, _ in notes])[note], at[round_, note]
