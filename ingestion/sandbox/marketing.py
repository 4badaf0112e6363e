"""What the marketing automation exports: times in UTC."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ingestion.sandbox.moments import (
    DAY,
    MINUTE,
    Moments,
    Numbers,
    Texts,
    ever,
    numbered,
    only,
    shown,
    utc,
    waking,
)

if TYPE_CHECKING:
    from ingestion.sandbox.journeys import Journeys
    from ingestion.sandbox.people import Companies

FORM, DOWNLOAD = "Fill Out Form", "Download Content"
WEBINAR, BOOTH = "Attend Webinar", "Visit Booth"
_FIRST_TOUCHES = {"Webinar": WEBINAR, "Trade Show": BOOTH, "Content Syndication": DOWNLOAD}
_SCORE_TO_QUALIFY = 60
_SCORING_DELAY = 20.0  # seconds: less than the sync to the CRM takes


def marketing_exports(
    rng: np.random.Generator, companies: Companies, journeys: Journeys, crm_lead: Texts
) -> dict[str, pd.DataFrame]:
    """Return the leads, their activities and the changes of their scores."""
    people = journeys.people
    known = people.in_marketing
    lead = numbered("", np.where(known, journeys.first_at, np.nan), first=100_001)
    person, at, activity = _touches(rng, journeys)
    changes = _score_changes(rng, journeys, person, at)
    passive_person, passive_at, passive = _passive(rng, journeys)
    activities = pd.DataFrame(
        {
            "lead_id": lead[np.append(person, passive_person)],
            "activity": np.append(activity, passive),
            "at": np.append(at, passive_at),
        }
    ).sort_values(["at", "lead_id"], ignore_index=True)
    asset: Texts = rng.integers(1, 25, len(activities)).astype(str).astype(object)
    asset = "Guide " + asset
    activities.insert(0, "id", numbered("A", activities["at"].to_numpy()))
    is_download = (activities["activity"] == DOWNLOAD).to_numpy()
    activities["asset"] = shown(asset, is_download)
    activities["activity_date"] = utc(activities.pop("at").to_numpy())

    score = pd.Series(rng.integers(0, 6, len(people)))
    score.update(changes.groupby("person")["new_value"].last())
    seen_at = changes.groupby("person")["at"].last().reindex(score.index).to_numpy()
    score_changes = pd.DataFrame(
        {
            "id": numbered("S", changes["at"].to_numpy()),
            "lead_id": lead[changes["person"].to_numpy()],
            "old_value": changes["old_value"],
            "new_value": changes["new_value"],
            "changed_at": utc(changes["at"].to_numpy()),
        }
    )
    leads = pd.DataFrame(
        {
            "id": lead,
            "email": people.email,
            "first_name": people.first_name,
            "last_name": people.last_name,
            "job_title": people.title,
            "buyer_role": people.role,
            "phone": people.phone,
            "company": companies.name[people.company],
            "country": companies.country[people.company],
            "lead_source": people.source,
            "score": score,
            "crm_lead_id": crm_lead,
            "created_at": utc(journeys.first_at),
            "updated_at": utc(np.fmax(journeys.first_at, seen_at)),
        }
    )[known]
    return {
        "marketing_leads.csv": leads,
        "marketing_activities.csv": activities,
        "marketing_score_changes.csv": score_changes,
    }


def _touches(rng: np.random.Generator, journeys: Journeys) -> tuple[Numbers, Moments, Texts]:
    """What people did themselves, sorted by person and time: person, moment, activity.

    The first touch is the first contact; whoever qualifies does so with the last one.
    """
    people, reached = journeys.people, ever(journeys.mql_at)
    count = np.where(reached, rng.integers(2, 7, len(people)), rng.integers(1, 4, len(people)))
    count = np.where(journeys.responds, count, 0)
    person = np.repeat(np.arange(len(people)), count)
    place = np.arange(len(person)) - np.repeat(np.cumsum(count) - count, count)
    end = np.where(reached, journeys.mql_at, journeys.first_at + 30 * DAY)
    whole = np.maximum(count - 1, 1)[person]
    share = np.where(place == whole, 1.0, (place + rng.random(len(place))) / (whole + 1))
    share[place == 0] = 0.0
    start = journeys.first_at[person]
    between = waking(start + share * (end[person] - start))
    at = np.where(share == 0, start, np.where(share == 1, end[person], between))
    at = only(at >= start, np.minimum(at, end[person]))
    first = pd.Series(people.source).map(_FIRST_TOUCHES).fillna(FORM).to_numpy(dtype=object)
    any_kind = rng.choice([FORM, DOWNLOAD, WEBINAR], len(person), p=(0.4, 0.4, 0.2)).astype(object)
    activity = np.where(place == 0, first[person], any_kind)
    again = np.flatnonzero(ever(journeys.mql_again_at))
    person = np.append(person, again)
    at = np.append(at, journeys.mql_again_at[again])
    activity = np.append(activity, np.full(len(again), FORM, dtype=object))
    order = np.lexsort((at, person))
    order = order[ever(at[order])]
    return person[order], at[order], activity[order]


def _score_changes(
    rng: np.random.Generator, journeys: Journeys, person: Numbers, at: Moments
) -> pd.DataFrame:
    """Each touch raises the score; who was sent back to marketing falls first."""
    peak = rng.integers(8, _SCORE_TO_QUALIFY - 5, len(journeys.mql_at))
    touches = pd.DataFrame({"person": person, "at": at + _SCORING_DELAY})
    by_person = touches.groupby("person")["at"]
    share = (by_person.cumcount() + 1) / by_person.transform("size")
    at_peak = peak[person] * share
    qualifies = (at == journeys.mql_at[person]) | (at == journeys.mql_again_at[person])
    high = rng.integers(_SCORE_TO_QUALIFY, 96, len(person))
    touches["new_value"] = np.where(qualifies, high, np.ceil(at_peak)).astype(np.int64)
    back = np.flatnonzero(ever(journeys.mql_again_at))
    set_back = np.fmax(journeys.recycled_at, journeys.nurture_at)[back] + 5 * MINUTE
    falls = pd.DataFrame({"person": back, "at": set_back, "new_value": 30})
    changes = pd.concat([touches, falls]).sort_values(["person", "at"], ignore_index=True)
    before = changes.groupby("person")["new_value"].shift(fill_value=0)
    changes.insert(2, "old_value", before)
    return changes[changes["old_value"] != changes["new_value"]].reset_index(drop=True)


def _passive(rng: np.random.Generator, journeys: Journeys) -> tuple[Numbers, Moments, Texts]:
    """Opened mail and visited pages: no response, much of it done by machines."""
    in_marketing = journeys.people.in_marketing
    count = np.where(in_marketing, rng.poisson(5, len(in_marketing)), 0)
    person = np.repeat(np.arange(len(in_marketing)), count)
    at = waking(journeys.first_at[person] + DAY + 120 * DAY * rng.random(len(person)) ** 2)
    kinds = ["Open Email", "Click Email", "Visit Page"]
    activity = rng.choice(kinds, len(person), p=(0.55, 0.1, 0.35)).astype(object)
    happened = ever(only(at >= 0, at))
    return person[happened], at[happened], activity[happened]
