"""From the first response to the first attempt: who qualifies, who gets them, who calls when."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

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
from ingestion.sandbox.company.people import MARKETING, SALES_LEAD
from ingestion.sandbox.company.staff import SDR

if TYPE_CHECKING:
    from ingestion.sandbox.arrays import Flags, Moments, Numbers
    from ingestion.sandbox.company.starts import Starts
    from ingestion.sandbox.company.world import World

# Each is a share of those who could.
_QUALIFIES, _QUALIFIES_AGAIN = 0.31, 0.75  # reaches the score
_SYNCED_EARLY = 0.12  # into the CRM, though nobody hands it over
_QUEUE_SHARE = 0.25  # routed by hand from the queue; the others within minutes


@dataclass(frozen=True, kw_only=True)
class HandOffs:
    """One entry per round in every array; owners are places in Staff."""

    mql_at: Moments  # the score is reached: the hand-off
    crm_at: Moments  # the CRM hears of it
    is_early: Flags  # though nobody hands it over
    assigned_at: Moments  # the first human owner
    owner: Numbers
    reassigned_at: Moments
    next_owner: Numbers
    attempt_at: Moments  # a rep tries to reach them


def draw_hand_offs(rng: np.random.Generator, world: World, starts: Starts) -> HandOffs:
    """Make up who is handed over, and what happens until somebody tries to reach them."""
    people, accounts, staff = world.people, world.accounts, world.staff
    end, mess, number = world.settings.end, world.settings.mess, starts.number
    human, begins = starts.human, starts.begins_at
    size, comes_back = len(starts), number > 1
    zone, region = people.zone[human], accounts.region[people.account[human]]

    def chance(rate: float | Moments) -> Flags:
        return np.asarray(rng.random(size) < rate)

    def by(moments: Moments) -> Moments:
        return before(end, moments)

    by_marketing, by_rep = starts.entry == MARKETING, starts.entry == SALES_LEAD
    share = np.clip((_QUALIFIES_AGAIN if comes_back else _QUALIFIES) * people.fit[human], 0, 0.95)
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
    return HandOffs(
        mql_at=mql,
        crm_at=crm,
        is_early=early,
        assigned_at=assigned,
        owner=owner,
        reassigned_at=reassigned,
        next_owner=next_owner,
        attempt_at=attempt,
    )
