"""What happens to each person, from the first contact to the opportunity."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ingestion.sandbox import rates
from ingestion.sandbox.moments import (
    DAY,
    MINUTE,
    SPAN,
    Flags,
    Moments,
    ever,
    gap,
    later,
    on_weekend,
    only,
    waking,
    working,
)

if TYPE_CHECKING:
    from ingestion.sandbox.people import People


@dataclass(frozen=True)
class Journeys:
    """One entry per person in every array: when it happened, NaN for never."""

    people: People
    responds: Flags
    first_at: Moments
    mql_at: Moments  # the score is reached
    lead_at: Moments  # the CRM gets a lead
    fast_track_at: Moments
    attempt_at: Moments  # a rep tries to reach them
    working_at: Moments
    parked_at: Moments
    accepted_at: Moments
    rejected_at: Moments
    qualified_at: Moments
    stepped_back_at: Moments
    qualified_after_at: Moments
    recycled_at: Moments
    nurture_at: Moments
    disqualified_at: Moments
    mql_again_at: Moments
    attempt_again_at: Moments
    accepted_again_at: Moments
    qualified_again_at: Moments
    cooled_at: Moments  # qualified, but no opportunity came of it
    converted_at: Moments  # the lead becomes a contact with an opportunity
    contact_at: Moments
    opportunity_at: Moments


def draw_journeys(rng: np.random.Generator, people: People) -> Journeys:
    """Make up the journeys of all people; they begin in the order of the people."""
    size = len(people)

    def chance(rate: float) -> Flags:
        return np.asarray(rng.random(size) < rate)

    responds = people.in_marketing & chance(rates.RESPONDS)
    begins = np.sort(SPAN * rng.random(size) ** 0.9)  # the company grows
    begins += np.where(on_weekend(begins) & chance(0.6), 2 * DAY, 0.0)
    begins = np.sort(begins)
    first = waking(begins)
    reaches = responds & chance(rates.QUALIFIES_FOR_SALES)
    mql = only(reaches, waking(begins + gap(rng, size, 12, 1.1)))

    taken = responds & ~reaches & chance(rates.TAKEN_EARLY)
    early = people.in_marketing & ~reaches & ~taken & chance(rates.SYNCED_EARLY)
    added = only(people.is_sales_lead | people.is_sales_contact, working(rng, first))
    synced = mql + np.floor(MINUTE * (2 + 7 * rng.random(size)))
    picked = only(taken, later(rng, first, 3))
    lead = np.where(reaches, synced, np.where(taken, picked, np.where(early, first + 300, added)))
    lead = only(~people.is_sales_contact, lead)
    worked = (reaches | taken | people.is_sales_lead) & chance(rates.CALLED)
    attempt = only(worked, later(rng, lead + 3 * MINUTE, 0.06, 1.2))
    tried = ever(attempt)

    accepts = tried & chance(rates.ACCEPTED)
    rejects = tried & ~accepts & ~people.is_sales_lead & chance(rates.REJECTED)
    parks = tried & ~accepts & ~rejects & chance(rates.PARKED)
    said_yes = only(accepts, later(rng, attempt + 10 * MINUTE, 0.5, 1.1))
    rejected = only(rejects, later(rng, attempt + 10 * MINUTE, 1.0, 1.0))
    qualifies = accepts & chance(rates.QUALIFIED)
    qualified = only(qualifies, later(rng, said_yes, 6))
    accepted = only(~(ever(qualified) & chance(rates.ACCEPTANCE_NOT_NOTED)), said_yes)
    stepped_back = only(chance(rates.STEPPED_BACK), later(rng, qualified, 2))
    qualified_after = later(rng, stepped_back, 5)

    exits = rng.random(size)
    recycles = accepts & ~qualifies & (exits < rates.RECYCLED)
    rules_out = accepts & ~qualifies & ~recycles & (exits < rates.RECYCLED + rates.DISQUALIFIED)
    set_back = only(recycles, later(rng, said_yes, 14, 0.8))
    mql_again = waking(set_back + gap(rng, size, 75, 0.7))
    mql_again = only(people.in_marketing & chance(rates.COMES_BACK), mql_again)
    attempt_again = later(rng, mql_again + 5 * MINUTE, 0.06, 1.2)
    accepted_again = only(chance(rates.ACCEPTED), later(rng, attempt_again + 10 * MINUTE, 0.5))
    qualified_again = only(chance(rates.QUALIFIED), later(rng, accepted_again, 6))

    sql = np.fmax(np.fmax(qualified, qualified_after), qualified_again)
    # Who was set back and has not been qualified since gets no opportunity.
    sql = only(~(ever(stepped_back) & ~ever(qualified_after)), sql)
    converted = only(chance(rates.OPPORTUNITY), later(rng, sql, 5, 0.8))
    cools = ever(sql) & ~ever(converted) & chance(rates.NURTURED)
    as_nurture = chance(rates.RECYCLED_AS_NURTURE)
    by_rep = later(rng, added, 10)
    ruled_out = only(rules_out, later(rng, said_yes, 10))
    ruled_out_early = only(early & chance(rates.DISQUALIFIED_BY_MARKETING), later(rng, lead, 20))
    dealt = people.is_sales_contact & chance(rates.CONTACT_WITH_DEAL)
    return Journeys(
        people=people,
        responds=responds,
        first_at=first,
        mql_at=mql,
        lead_at=lead,
        fast_track_at=only(ever(mql) & chance(rates.FAST_TRACK), lead + MINUTE),
        attempt_at=attempt,
        working_at=only(chance(rates.NOTED_AS_WORKING), attempt + 4 * MINUTE),
        parked_at=only(parks, later(rng, attempt, 10)),
        accepted_at=accepted,
        rejected_at=rejected,
        qualified_at=qualified,
        stepped_back_at=stepped_back,
        qualified_after_at=qualified_after,
        recycled_at=only(~as_nurture, set_back),
        nurture_at=only(as_nurture, set_back),
        disqualified_at=np.fmax(ruled_out, ruled_out_early),
        mql_again_at=mql_again,
        attempt_again_at=attempt_again,
        accepted_again_at=accepted_again,
        qualified_again_at=qualified_again,
        cooled_at=only(cools, later(rng, sql, 40, 0.5)),
        converted_at=converted,
        contact_at=np.where(people.is_sales_contact, added, converted),
        opportunity_at=np.where(people.is_sales_contact, only(dealt, by_rep), converted),
    )
