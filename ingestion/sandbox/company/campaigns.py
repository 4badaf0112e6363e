"""Campaigns and content: what marketing runs and what people are shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ingestion.sandbox.chance import one_of, places, some
from ingestion.sandbox.clock import DAY, only

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ingestion.sandbox.arrays import Flags, Moments, Numbers, Texts
    from ingestion.sandbox.settings import Settings

QUARTER = 91 * DAY
# Lead source -> type of the campaign that brings such people.
CAMPAIGN_TYPES = {
    "Organic Search": "Content",
    "Paid Search": "Advertisement",
    "Webinar": "Webinar",
    "Content Syndication": "Content Syndication",
    "Trade Show": "Trade Show",
    "Referral": "Referral Program",
}
# No campaign is called like one of these: a touch names either by its name.
CONTENT_KINDS = ("Guide", "Case Study", "Recording", "Comparison", "Checklist")
PERSONAS = ("Finance", "IT", "Operations")
BUYING_STAGES = ("aware", "consider", "decide", "adopt")
MARKETING, SALES = "marketing", "sales"
_CONTENT = 60
_GAPS = 2  # pairs of a persona and a buying stage that nothing was ever made for
# What is wrong with an asset, and with how many; with the others nothing is.
_FATES = {"retired": 6, "stale": 7, "orphaned": 5, "unused": 6, "lost": 4}
_STALE_AFTER = 365  # days without a change; what is not meant to be stale changed well within
_OF_A_CAMPAIGN = 0.4
_USED_BY_BOTH = 0.25


@dataclass(frozen=True)
class Campaigns:
    """One entry per campaign: each source has one a quarter."""

    name: Texts
    type: Texts
    source: Texts
    starts_at: Moments
    ends_at: Moments
    cost: Moments  # USD

    def __len__(self) -> int:
        return len(self.name)

    def running(self, source: Texts, at: Moments) -> Numbers:
        """Return the campaign of each one's source at that moment, -1 where there is none."""
        found = np.full(len(source), -1, dtype=np.int64)
        for name in CAMPAIGN_TYPES:
            own = np.flatnonzero(self.source == name)
            there = np.flatnonzero((source == name) & ~np.isnan(at))
            place = np.searchsorted(self.starts_at[own], at[there], side="right") - 1
            found[there[place >= 0]] = own[place[place >= 0]]
        return found


@dataclass(frozen=True)
class Contents:
    """One entry per asset.

    `serves` has a flag per asset, persona and buying stage, in the orders of the lists above.
    """

    name: Texts
    kind: Texts
    serves: Flags
    message: Texts  # helpful or selling
    team: Texts  # that made it
    has_owner: Flags
    is_listed: Flags  # in an inventory; it was taken out of it, and people still have it
    by_marketing: Flags  # who shows it to people
    by_sales: Flags
    campaign: Numbers  # place in Campaigns, -1 for none
    created_at: Moments
    changed_at: Moments  # for the last time
    retired_at: Moments

    def __len__(self) -> int:
        return len(self.name)

    def personas(self) -> Texts:
        """Return whom each asset is for, separated by `;`."""
        return _listed(np.any(self.serves, axis=2), PERSONAS)

    def buying_stages(self) -> Texts:
        """Return the steps that each asset is for, separated by `;`."""
        return _listed(np.any(self.serves, axis=1), BUYING_STAGES)

    def shown(self, drawn: Numbers, at: Moments, among: Flags) -> Numbers:
        """Return what is shown at each moment, -1 where the drawn one is not there then.

        `drawn` is any number for each moment, `among` has a flag per asset.
        """
        pool = np.flatnonzero(among)
        content = pool[drawn % len(pool)]
        is_there = (self.created_at[content] <= at) & ~(self.retired_at[content] <= at)
        return np.where(is_there, content, -1)


def _listed(flags: Flags, words: Sequence[str]) -> Texts:
    names = np.array(words, dtype=object)
    return np.array([";".join(names[one]) for one in flags], dtype=object)


def draw_campaigns(rng: np.random.Generator, settings: Settings) -> Campaigns:
    """Plan one campaign for each source and quarter."""
    start, end = settings.start, settings.end
    quarters = np.arange(max(1, int(np.ceil((end - start) / QUARTER))))
    sources = np.repeat(np.array(list(CAMPAIGN_TYPES), dtype=object), len(quarters))
    number = np.tile(quarters, len(CAMPAIGN_TYPES))
    types = np.repeat(np.array(list(CAMPAIGN_TYPES.values()), dtype=object), len(quarters))
    starts = np.asarray(start + number * QUARTER, dtype=np.float64)
    return Campaigns(
        name=types + " " + (number + 1).astype(str).astype(object),
        type=types,
        source=sources,
        starts_at=starts,
        ends_at=np.minimum(starts + QUARTER, end),
        cost=np.round(3000 * np.exp(0.7 * rng.standard_normal(len(starts))), -2),
    )


def draw_contents(rng: np.random.Generator, campaigns: Campaigns, settings: Settings) -> Contents:
    """Make up content: a third is there from the start, and with some of it something is wrong."""
    start, end = settings.start, settings.end
    size = _CONTENT
    kind = one_of(rng, size, CONTENT_KINDS)
    number = np.arange(1, size + 1).astype(str).astype(object)
    fate = np.full(size, "", dtype=object)
    fates = np.repeat(np.array(list(_FATES), dtype=object), list(_FATES.values()))
    fate[rng.permutation(size)[: len(fates)]] = fates
    team = one_of(rng, size, (MARKETING, SALES), (0.8, 0.2))
    created, changed, retired = _dates(rng, fate, start, end)
    both = some(rng, size, _USED_BY_BOTH)
    is_used = fate != "unused"
    of_campaign = some(rng, size, _OF_A_CAMPAIGN)
    campaign = places(rng, size, len(campaigns))
    return Contents(
        name=kind + " " + number,
        kind=kind,
        serves=_serves(rng, size),
        message=one_of(rng, size, ("helpful", "selling"), (0.7, 0.3)),
        team=team,
        has_owner=fate != "orphaned",
        is_listed=fate != "lost",
        by_marketing=is_used & (team == MARKETING),
        by_sales=is_used & ((team == SALES) | both),
        campaign=np.where(of_campaign, campaign, -1),
        created_at=created,
        changed_at=changed,
        retired_at=retired,
    )


def _dates(
    rng: np.random.Generator, fate: Texts, start: float, end: float
) -> tuple[Moments, Moments, Moments]:
    """When each was made, was changed for the last time, and was retired."""
    size = len(fate)
    made = start + (end - start) * np.maximum(0, rng.random(size) - 0.35)
    fresh = end - (5 + 295 * rng.random(size)) * DAY
    old = end - (_STALE_AFTER + 15 + 300 * rng.random(size)) * DAY
    ended = end - (30 + 370 * rng.random(size)) * DAY
    before = (100 + 400 * rng.random(size)) * DAY
    changed = np.select([fate == "stale", fate == "retired"], [old, ended], fresh)
    created = np.where(np.isin(fate, ("stale", "retired")), changed - before, made)
    created, changed = np.floor(created), np.floor(changed)
    return created, np.maximum(created, changed), only(fate == "retired", changed)


def _serves(rng: np.random.Generator, size: int) -> Flags:
    """One to three personas, and one buying stage or two, but never a pair that is a gap."""
    personas, stages = len(PERSONAS), len(BUYING_STAGES)
    gaps = np.zeros((personas, stages), dtype=bool)
    gaps.flat[rng.permutation(personas * stages)[:_GAPS]] = True
    # Chosen by rank: the more ranks count, the more are chosen.
    order = rng.random((size, personas)).argsort(axis=1).argsort(axis=1)
    for_whom = order <= places(rng, size, 3, (0.55, 0.25, 0.2))[:, np.newaxis]
    liked = rng.random((size, stages)) * np.array([1.0, 0.85, 0.7, 0.5])
    is_free = ~(for_whom[:, :, np.newaxis] & gaps).any(axis=1)
    rank = np.where(is_free, -liked, 1).argsort(axis=1).argsort(axis=1)
    when = is_free & (rank <= some(rng, size, 0.3)[:, np.newaxis])
    serves: Flags = for_whom[:, :, np.newaxis] & when[:, np.newaxis, :]
    return serves
