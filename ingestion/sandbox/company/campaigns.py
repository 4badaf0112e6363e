"""Campaigns and content: what marketing runs and what people are shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ingestion.sandbox.chance import one_of, places, some
from ingestion.sandbox.clock import DAY, only

if TYPE_CHECKING:
    from ingestion.sandbox.arrays import Moments, Numbers, Texts
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
CONTENT_KINDS = ("Guide", "Case Study", "Webinar", "Comparison", "Checklist")
PERSONAS = ("Finance", "IT", "Operations", "")
BUYING_STAGES = ("aware", "consider", "decide", "adopt")
_CONTENT = 60


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
    """One entry per asset."""

    name: Texts
    kind: Texts
    persona: Texts  # "" for everybody
    buying_stage: Texts
    message: Texts  # helpful or selling
    team: Texts
    created_at: Moments
    retired_at: Moments

    def __len__(self) -> int:
        return len(self.name)


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


def draw_contents(rng: np.random.Generator, settings: Settings) -> Contents:
    """Make up content; a third is there from the start, some is retired later."""
    start, end = settings.start, settings.end
    size = _CONTENT
    kind = one_of(rng, size, CONTENT_KINDS)
    number = np.arange(1, size + 1).astype(str).astype(object)
    created = start + (end - start) * np.maximum(0, rng.random(size) - 0.35)
    retired = created + 400 * DAY * (1 + rng.random(size))
    return Contents(
        name=kind + " " + number,
        kind=kind,
        persona=np.array(PERSONAS, dtype=object)[places(rng, size, len(PERSONAS))],
        buying_stage=one_of(rng, size, BUYING_STAGES, (0.4, 0.3, 0.2, 0.1)),
        message=one_of(rng, size, ("helpful", "selling"), (0.7, 0.3)),
        team=one_of(rng, size, ("marketing", "sales"), (0.8, 0.2)),
        created_at=np.floor(created),
        retired_at=np.floor(only((retired < end) & some(rng, size, 0.4), retired)),
    )
