"""What sales answers: accepted, rejected with a reason, qualified, sent back, or an opportunity."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ingestion.sandbox.chance import one_of, some
from ingestion.sandbox.clock import DAY, MINUTE, before, ever, later, only
from ingestion.sandbox.company.people import SALES_CONTACT, SALES_LEAD

if TYPE_CHECKING:
    from ingestion.sandbox.arrays import Flags, Moments, Texts
    from ingestion.sandbox.company.hand_offs import HandOffs
    from ingestion.sandbox.company.starts import Starts
    from ingestion.sandbox.company.world import World
    from ingestion.sandbox.mess import Mess

REJECTED, RECYCLED, DISQUALIFIED = "rejected", "recycled", "disqualified"
REASONS = {
    REJECTED: ("missing_information", "no_fit", "duplicate", "no_interest"),
    RECYCLED: ("no_budget", "bad_timing", "no_answer"),
    DISQUALIFIED: ("competitor", "student", "outside_market", "fake"),
}

# Each is a share of those who could.
_ACCEPTED = 0.79
_REJECTED = 0.75  # of those not accepted
_QUALIFIED = 0.46
_RECYCLED = 0.55  # of those accepted and not qualified
_DISQUALIFIED = 0.12
_DISQUALIFIED_EARLY = 0.25  # of those whom the CRM heard of too early
_OPPORTUNITY = 0.84
_COOLS = 0.5  # of those qualified without opportunity
_CONTACT_WITH_DEAL = 0.6


@dataclass(frozen=True, kw_only=True)
class Answers:
    """One entry per round in every array."""

    accepted_at: Moments
    is_acceptance_noted: Flags
    rejected_at: Moments
    qualified_at: Moments
    stepped_back_at: Moments
    requalified_at: Moments
    recycled_at: Moments
    disqualified_at: Moments
    reason: Texts  # None where there is none, or where nobody says
    parked_at: Moments  # somebody uses a status that nobody agreed on
    opportunity_at: Moments


def draw_answers(
    rng: np.random.Generator, world: World, starts: Starts, hand_offs: HandOffs
) -> Answers:
    """Make up what sales does with those it was given, and with those it found itself."""
    people, staff = world.people, world.staff
    end, mess = world.settings.end, world.settings.mess
    human, begins, comes_back = starts.human, starts.begins_at, starts.number > 1
    size, zone = len(starts), people.zone[starts.human]
    by_rep, as_contact = starts.entry == SALES_LEAD, starts.entry == SALES_CONTACT
    attempt, crm = hand_offs.attempt_at, hand_offs.crm_at
    reassigned = ever(hand_offs.reassigned_at)
    rep_zone = staff.zone[np.where(reassigned, hand_offs.next_owner, hand_offs.owner)]

    def chance(rate: float | Moments) -> Flags:
        return np.asarray(rng.random(size) < rate)

    def by(moments: Moments) -> Moments:
        return before(end, moments)

    fit = np.clip(people.fit[human], 0.5, 1.3)
    accepts = ever(attempt) & (by_rep | chance(np.minimum(_ACCEPTED * fit, 0.92)))
    rejects = ever(attempt) & ~accepts & chance(_REJECTED)
    said_yes = by(only(accepts, later(rng, attempt + 10 * MINUTE, rep_zone, 0.5 * DAY, 1.1)))
    rejected = by(only(rejects, later(rng, attempt + 10 * MINUTE, rep_zone, DAY, 1.0)))
    qualifies = ever(said_yes) & chance(np.minimum(_QUALIFIED * fit, 0.9))
    qualified = by(only(qualifies, later(rng, said_yes, rep_zone, 6 * DAY)))
    is_noted = ~(ever(qualified) & chance(mess.skipped_stage))
    steps_back = ever(qualified) & chance(mess.backward_stage)
    stepped_back = by(only(steps_back, later(rng, qualified, rep_zone, 2 * DAY)))
    requalified = by(later(rng, stepped_back, rep_zone, 5 * DAY))

    exits = rng.random(size)
    unsold = ever(said_yes) & ~ever(qualified)
    recycles = unsold & (exits < _RECYCLED)
    rules_out = unsold & ~recycles & (exits < _RECYCLED + _DISQUALIFIED)
    recycled = only(recycles, later(rng, said_yes, rep_zone, 14 * DAY, 0.8))
    sql = np.fmax(qualified, requalified)
    # Who was set back and has not been qualified since gets no opportunity.
    sql = only(~(ever(stepped_back) & ~ever(requalified)), sql)
    opportunity = by(only(chance(_OPPORTUNITY), later(rng, sql, rep_zone, 5 * DAY, 0.8)))
    dealt = as_contact & (chance(_CONTACT_WITH_DEAL) | comes_back)
    opportunity = np.where(dealt, by(later(rng, begins, rep_zone, 10 * DAY)), opportunity)
    cools = ever(sql) & ~ever(opportunity) & chance(_COOLS)
    recycled = by(np.where(cools, later(rng, sql, rep_zone, 40 * DAY, 0.5), recycled))
    disqualified = only(rules_out, later(rng, said_yes, rep_zone, 10 * DAY))
    early_out = hand_offs.is_early & chance(_DISQUALIFIED_EARLY)
    disqualified = by(np.where(early_out, later(rng, crm, zone, 20 * DAY), disqualified))
    undecided = ever(attempt) & ~accepts & ~ever(rejected)
    parked = only(undecided & chance(mess.unmapped_status), later(rng, attempt, rep_zone, 10 * DAY))
    return Answers(
        accepted_at=said_yes,
        is_acceptance_noted=is_noted,
        rejected_at=rejected,
        qualified_at=qualified,
        stepped_back_at=stepped_back,
        requalified_at=requalified,
        recycled_at=recycled,
        disqualified_at=disqualified,
        reason=_reasons(rng, rejected, recycled, disqualified, mess),
        parked_at=by(parked),
        opportunity_at=opportunity,
    )


def _reasons(
    rng: np.random.Generator,
    rejected: Moments,
    recycled: Moments,
    disqualified: Moments,
    mess: Mess,
) -> Texts:
    """Why a round ended, where somebody says so."""
    size = len(rejected)
    reason = np.full(size, None, dtype=object)
    said = ~some(rng, size, mess.reason_missing)
    for exit_, at in ((REJECTED, rejected), (RECYCLED, recycled), (DISQUALIFIED, disqualified)):
        drawn = one_of(rng, size, REASONS[exit_])
        is_it = ever(at) & said
        reason[is_it] = drawn[is_it]
    return reason
