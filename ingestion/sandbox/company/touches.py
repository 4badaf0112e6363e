"""What people do with what marketing shows them, and what it does to their score."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ingestion.sandbox.chance import places
from ingestion.sandbox.clock import DAY, MINUTE, before, ever, office_days, waking
from ingestion.sandbox.company.people import MARKETING

if TYPE_CHECKING:
    from ingestion.sandbox.arrays import Moments, Numbers
    from ingestion.sandbox.company.people import People
    from ingestion.sandbox.company.rounds import Rounds
    from ingestion.sandbox.company.world import World

# Kinds by their place: the first four are responses.
FORM, DOWNLOAD, WEBINAR, BOOTH, VISIT, SENT, OPENED, CLICKED = range(8)
RESPONSES = (FORM, DOWNLOAD, WEBINAR, BOOTH)
_FIRST_TOUCHES = {"Webinar": WEBINAR, "Trade Show": BOOTH, "Content Syndication": DOWNLOAD}

THRESHOLD = 60  # of the score: qualified for sales
_RESET = 0  # who comes back begins again here
_SCORING_DELAY = 20.0  # seconds; less than the sync to the CRM takes
_PASSIVE_DAYS = 120.0
_MAILS, _VISITS = 4.0, 2.0  # a round, on average
_OPENS, _CLICKS = 0.45, 0.2  # of mails sent; of those opened
_MAILED_IN_WEEK, _VISITED_IN_WEEK = 0.95, 0.7  # of what would fall on a weekend


@dataclass(frozen=True)
class Touches:
    """One entry per touch in every array, in the order of time."""

    human: Numbers
    round: Numbers  # place in Rounds
    at: Moments
    kind: Numbers
    content: Numbers  # place in Contents, -1 for none
    campaign: Numbers  # place in Campaigns, -1 for none

    def __len__(self) -> int:
        return len(self.human)


@dataclass(frozen=True)
class Scores:
    """One entry per change of a score in every array, sorted by human and time."""

    human: Numbers
    at: Moments
    old: Numbers
    new: Numbers

    def __len__(self) -> int:
        return len(self.human)


def draw_touches(rng: np.random.Generator, world: World, rounds: Rounds) -> Touches:
    """Make up the touches of all rounds that marketing began.

    The first one is the first response of the round; who qualifies does so with the last response.
    """
    people, contents, end = world.people, world.contents, world.settings.end
    round_, at, kind = _responses(rng, people, rounds, end)
    more_round, more_at, more_kind = _passive(rng, people, rounds, end)
    round_, at = np.append(round_, more_round), np.append(at, more_at)
    kind = np.append(kind, more_kind)
    order = np.lexsort((kind, round_, at))
    round_, at, kind = round_[order], at[order], kind[order]
    human = rounds.human[round_]
    shown = places(rng, len(at), len(contents))
    content = contents.shown(shown, at, contents.by_marketing)
    has_content = np.isin(kind, (DOWNLOAD, WEBINAR, CLICKED))
    campaign = world.campaigns.running(people.source[human], at)
    return Touches(
        human=human,
        round=round_,
        at=at,
        kind=kind,
        content=np.where(has_content, content, -1),
        campaign=np.where(np.isin(kind, RESPONSES), campaign, -1),
    )


def _responses(
    rng: np.random.Generator, people: People, rounds: Rounds, end: float
) -> tuple[Numbers, Moments, Numbers]:
    size = len(rounds)
    reached = ever(rounds.mql_at)
    responds = (rounds.entry == MARKETING) & people.responds[rounds.human]
    count = np.where(reached, rng.integers(2, 7, size), rng.integers(1, 4, size))
    count = np.where(reached & (rounds.number > 1), rng.integers(2, 4, size), count)
    count = np.where(responds, count, 0)
    round_ = np.repeat(np.arange(size), count)
    place = np.arange(len(round_)) - np.repeat(np.cumsum(count) - count, count)
    last = np.maximum(count - 1, 1)[round_]
    zone = people.zone[rounds.human]
    for_a_month = rounds.begins_at + (30 + rng.random(size)) * DAY
    loses_interest = waking(office_days(rng, for_a_month, zone), zone)
    until = np.where(reached, rounds.mql_at, loses_interest)[round_]
    start, zone = rounds.begins_at[round_], zone[round_]
    share = (place + rng.random(len(place))) / (last + 1)
    between = office_days(rng, start + share * (until - start), zone)
    at = np.clip(waking(between, zone), start, until)
    at = np.where(place == 0, start, np.where(place == last, until, at))
    first = np.full(len(people), FORM)
    for source, touch in _FIRST_TOUCHES.items():
        first[people.source == source] = touch
    any_kind = np.array([FORM, DOWNLOAD, WEBINAR])[places(rng, len(at), 3, (0.4, 0.4, 0.2))]
    kind = np.where(place == 0, first[rounds.human[round_]], any_kind)
    kind = np.where((place == 0) & (rounds.number[round_] > 1), FORM, kind)
    # Who responds after marketing has ruled them out would begin anew.
    kept = ever(before(end, at)) & ~(at >= rounds.disqualified_at[round_])
    return round_[kept], at[kept], kind[kept]


def _passive(
    rng: np.random.Generator, people: People, rounds: Rounds, end: float
) -> tuple[Numbers, Moments, Numbers]:
    """Mail that is sent, opened and clicked, and pages that are visited: no response."""
    size = len(rounds)
    in_marketing = rounds.entry == MARKETING
    parts = []
    for mean, in_week in ((_MAILS, _MAILED_IN_WEEK), (_VISITS, _VISITED_IN_WEEK)):
        count = np.where(in_marketing, rng.poisson(mean, size), 0)
        round_ = np.repeat(np.arange(size), count)
        days = 1 + _PASSIVE_DAYS * rng.random(len(round_)) ** 2
        zone = people.zone[rounds.human[round_]]
        at = office_days(rng, rounds.begins_at[round_] + days * DAY, zone, in_week)
        parts.append((round_, waking(at, zone)))
    (mailed, sent), (visitor, visited) = parts
    opens = rng.random(len(mailed)) < _OPENS
    clicks = opens & (rng.random(len(mailed)) < _CLICKS)
    opened = sent + np.floor(MINUTE * (1 + 600 * rng.random(len(sent)) ** 3))
    round_ = np.concatenate([mailed, mailed[opens], mailed[clicks], visitor])
    at = np.concatenate([sent, opened[opens], opened[clicks] + MINUTE, visited])
    lengths = (len(mailed), int(opens.sum()), int(clicks.sum()), len(visitor))
    kind = np.repeat([SENT, OPENED, CLICKED, VISIT], lengths)
    kept = ever(before(end, at))
    return round_[kept], at[kept], kind[kept]


def draw_scores(
    rng: np.random.Generator, rounds: Rounds, touches: Touches, ended_at: Moments, end: float
) -> Scores:
    """Each response raises the score; it reaches the threshold with the qualifying one.

    `ended_at` is when each round ended: the score of whoever comes back is reset then.
    """
    is_response = np.isin(touches.kind, RESPONSES)
    round_, at = touches.round[is_response], touches.at[is_response]
    order = np.lexsort((at, round_))
    round_, at = round_[order], at[order]
    begins = np.diff(round_, prepend=-1) != 0
    first = np.flatnonzero(begins)
    length = np.diff(np.append(first, len(round_)))
    place = np.arange(len(round_)) - np.repeat(first, length) + 1
    peak = rng.integers(8, THRESHOLD - 5, len(rounds))[round_]
    climbed = np.ceil(peak * place / np.repeat(length, length)).astype(np.int64)
    high = rng.integers(THRESHOLD, 96, len(round_))
    new = np.where(at == rounds.mql_at[round_], high, climbed)

    again = np.flatnonzero(rounds.number > 1)
    reset_at = ended_at[_former(rounds, again)] + 5 * MINUTE
    human = np.append(rounds.human[round_], rounds.human[again])
    moment = np.append(at + _SCORING_DELAY, reset_at)
    value = np.append(new, np.full(len(again), _RESET))
    kept = ever(before(end, moment))
    human, moment, value = human[kept], moment[kept], value[kept]
    order = np.lexsort((moment, human))
    human, moment, value = human[order], moment[order], value[order]
    is_first = np.diff(human, prepend=-1) != 0
    old = np.where(is_first, 0, np.roll(value, 1))
    changed = old != value
    return Scores(human[changed], moment[changed], old[changed], value[changed])


def _former(rounds: Rounds, again: Numbers) -> Numbers:
    """Return the place of the round before each of these."""
    order = np.lexsort((rounds.number, rounds.human))
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order))
    former: Numbers = order[place[again] - 1]
    return former
