"""Trips of people through the funnel, from a first signal to an answer of sales.

Two rounds less than the re-entry window apart are one pass; truth/ joins them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ingestion.sandbox.chance import one_of, some
from ingestion.sandbox.clock import (
    DAY,
    HOUR,
    MINUTE,
    before,
    evening,
    ever,
    gap,
    later,
    office_days,
    only,
    waking,
)
from ingestion.sandbox.company.people import MARKETING, SALES_CONTACT, SALES_LEAD
from ingestion.sandbox.company.staff import AE, SDR

if TYPE_CHECKING:
    from ingestion.sandbox.clock import Flags, Moments, Numbers, Texts
    from ingestion.sandbox.company.world import World
    from ingestion.sandbox.mess import Mess

REJECTED, RECYCLED, DISQUALIFIED = "rejected", "recycled", "disqualified"
REASONS = {
    REJECTED: ("missing_information", "no_fit", "duplicate", "no_interest"),
    RECYCLED: ("no_budget", "bad_timing", "no_answer"),
    DISQUALIFIED: ("competitor", "student", "outside_market", "fake"),
}

# Each is a share of those who could.
_QUALIFIES = 0.36  # reaches the score
_SYNCED_EARLY = 0.12  # into the CRM, though nobody hands it over
_ACCEPTED = 0.79
_REJECTED = 0.75  # of those not accepted
_QUALIFIED = 0.46
_RECYCLED = 0.55  # of those accepted and not qualified
_DISQUALIFIED = 0.12
_OPPORTUNITY = 0.84
_COOLS = 0.5  # of those qualified without opportunity
_CONTACT_WITH_DEAL = 0.6
_QUEUE_SHARE = 0.25  # routed by hand from the queue; the others within minutes


@dataclass(frozen=True)
class Rounds:
    """One entry per round in every array; `human` is a place in People, owners in Staff."""

    human: Numbers
    number: Numbers  # of the human's rounds, from 1
    entry: Numbers  # MARKETING, SALES_LEAD or SALES_CONTACT
    begins_at: Moments
    mql_at: Moments  # the score is reached: the hand-off
    crm_at: Moments  # the CRM hears of it
    assigned_at: Moments  # the first human owner
    owner: Numbers
    reassigned_at: Moments
    next_owner: Numbers
    attempt_at: Moments  # a rep tries to reach them
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

    def __len__(self) -> int:
        return len(self.human)


@dataclass(frozen=True)
class Starts:
    """Who begins a round, when, and by whom: one entry per human in every array."""

    human: Numbers
    begins_at: Moments
    entry: Numbers


def draw_rounds(rng: np.random.Generator, world: World, starts: Starts, number: int) -> Rounds:
    """Make up what marketing and sales do with these people in their round of this number."""
    people, accounts, staff = world.people, world.accounts, world.staff
    end, mess = world.settings.end, world.settings.mess
    human, begins, entry = starts.human, starts.begins_at, starts.entry
    size = len(human)
    zone, region = people.zone[human], accounts.region[people.account[human]]
    comes_back = number > 1

    def chance(rate: float | Moments) -> Flags:
        return np.asarray(rng.random(size) < rate)

    def by(moments: Moments) -> Moments:
        return before(end, moments)

    by_marketing, by_rep = entry == MARKETING, entry == SALES_LEAD
    as_contact = entry == SALES_CONTACT
    share = np.clip((0.75 if comes_back else _QUALIFIES) * people.fit[human], 0, 0.95)
    reaches = by_marketing & chance(share)
    waits = gap(rng, size, (1 if comes_back else 12) * DAY, 1.1)
    qualifies_at = waking(office_days(rng, begins + waits, zone), zone)
    mql = by(only(reaches, np.maximum(qualifies_at, begins + 2 * MINUTE)))
    early = by_marketing & ~ever(mql) & chance(_SYNCED_EARLY)
    crm = np.where(ever(mql), mql + np.floor(MINUTE * (2 + 7 * rng.random(size))), np.nan)
    crm = np.where(early, begins + 5 * MINUTE, crm)
    crm = by(np.where(by_marketing, crm, begins))
    worked = ever(crm) & (ever(mql) | by_rep)

    # From the queue to a rep.
    by_hand = chance(_QUEUE_SHARE)
    routed = np.where(
        by_hand,
        later(rng, crm, zone, 90 * MINUTE, 0.8),
        crm + np.floor(MINUTE * (1 + 4 * rng.random(size))),
    )
    assigned = by(only(worked, np.where(by_rep, crm, routed)))
    owner = staff.on_duty(SDR, region, human * 7 + number, assigned)
    is_reassigned = worked & ever(mql) & chance(mess.reassigned)
    pause = gap(rng, size, 3 * HOUR, 0.8)
    reassigned = by(only(is_reassigned, later(rng, assigned + pause, staff.zone[owner], 60.0)))
    next_owner = staff.on_duty(SDR, region, human * 7 + number + 1, reassigned)
    rep = np.where(ever(reassigned), next_owner, owner)
    rep_zone = staff.zone[rep]

    is_late = chance(mess.late_answer)
    ignored = chance(mess.never_answered) & ever(mql)
    from_then = np.where(ever(reassigned), reassigned, assigned)
    prompt = later(rng, from_then, rep_zone, 1.0, 0.0)
    delay = staff.response[rep] * np.exp(1.1 * rng.standard_normal(size))
    delay += np.where(is_late, gap(rng, size, 3 * DAY, 0.6), 0)
    attempt = later(rng, prompt + delay, rep_zone, 1.0, 0.0)
    attempt = np.where(chance(mess.out_of_hours), evening(rng, from_then, rep_zone), attempt)
    attempt = by(only(worked & ~ignored, np.floor(attempt)))

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
    early_out = early & chance(0.25)
    disqualified = by(np.where(early_out, later(rng, crm, zone, 20 * DAY), disqualified))
    undecided = ever(attempt) & ~accepts & ~ever(rejected)
    parked = only(undecided & chance(mess.unmapped_status), later(rng, attempt, rep_zone, 10 * DAY))
    return Rounds(
        human=human,
        number=np.full(size, number),
        entry=entry,
        begins_at=begins,
        mql_at=mql,
        crm_at=crm,
        assigned_at=np.where(as_contact, crm, assigned),
        owner=np.where(as_contact, staff.on_duty(AE, region, human * 7, crm), owner),
        reassigned_at=reassigned,
        next_owner=next_owner,
        attempt_at=attempt,
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
