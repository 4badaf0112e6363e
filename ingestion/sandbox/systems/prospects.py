"""Whom a marketing automation knows: a record for each human, doubles, merges, deletions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ingestion.sandbox.chance import some, stream
from ingestion.sandbox.clock import DAY, before, ever, gap, never, only
from ingestion.sandbox.company.people import FREE_MAIL, MARKETING
from ingestion.sandbox.company.touches import RESPONSES, THRESHOLD, VISIT
from ingestion.sandbox.systems.slips import keys

if TYPE_CHECKING:
    from ingestion.sandbox.arrays import Flags, Moments, Numbers, Texts
    from ingestion.sandbox.company.company import Company

_LANDS_ON_DOUBLE = 0.3  # of what somebody does while there are two records of them


@dataclass(frozen=True)
class Prospects:
    """One entry per record in every array, in the order of creation; places are places here."""

    human: Numbers
    created_at: Moments
    email: Texts  # the first one
    is_double: Flags  # there was another record of the human before
    merged_into: Numbers  # place, -1 for none
    merged_at: Moments
    deleted_at: Moments
    restored_at: Moments  # under the same id
    of_human: Numbers  # per human: the first record, -1 for none

    def __len__(self) -> int:
        return len(self.human)


def draw_prospects(company: Company, members: Flags, system: str, *, keeps_ids: bool) -> Prospects:
    """Give everybody whom marketing came to know a record, and some one too many.

    Without `keeps_ids` whoever is restored after a deletion comes back as a new record.
    """
    people, settings = company.people, company.settings
    mess, end, size = settings.mess, settings.end, len(company.people)
    known = members & (people.known_by == MARKETING)
    rng = stream(settings.seed, f"{system} doubles")
    doubles = known & some(rng, size, mess.duplicate_prospect)
    tags = some(rng, size, mess.plus_address)
    merges = some(rng, size, mess.merged_duplicate)
    goes_on = some(rng, size, mess.merge_chain)
    again = np.floor(people.first_at + gap(rng, size, 60 * DAY, 1.0))
    merged = np.floor(again + gap(rng, size, 20 * DAY, 0.8))
    later = np.floor(merged + gap(rng, size, 10 * DAY, 0.6))
    doubles &= again < end
    merges &= doubles & (merged < end)
    goes_on &= merges & (later < end)
    deleted, restored = _deletions(company, known & ~doubles, system)
    again_at = never(size) if keeps_ids else restored

    groups = [np.flatnonzero(one) for one in (known, doubles, goes_on, ever(again_at))]
    first, double, third, new = groups
    offsets = np.cumsum([0, *(len(one) for one in groups)])
    created = np.concatenate([
        people.first_at[first],
        again[double],
        np.floor((again[third] + merged[third]) / 2),
        again_at[new],
    ])  # fmt: skip
    other = np.where(tags, _tagged(people.work_email, people.email), _private(people.work_email))
    other = np.where(other == people.email, people.work_email, other).astype(object)
    # The chain: the double goes into the third record, the third one into the first.
    into, merged_at = np.full(len(created), -1), never(len(created))
    first_place = np.searchsorted(first, double)
    pair = merges[double]
    places = offsets[1] + np.flatnonzero(pair)
    into[places], merged_at[places] = first_place[pair], merged[double[pair]]
    thirds = offsets[2] + np.arange(len(third))
    into[offsets[1] + np.searchsorted(double, third)] = thirds
    into[thirds], merged_at[thirds] = np.searchsorted(first, third), later[third]

    human = np.concatenate(groups)
    deleted_at, restored_at = never(len(created)), never(len(created))
    deleted_at[: len(first)] = deleted[first]
    if keeps_ids:
        restored_at[: len(first)] = restored[first]
    group = np.repeat(np.arange(len(groups)), [len(one) for one in groups])
    order = np.argsort(created, kind="stable")
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order))
    of_human = np.full(size, -1)
    of_human[first] = place[: len(first)]
    return Prospects(
        human=human[order],
        created_at=created[order],
        email=np.where(group == 1, other[human], people.email[human]).astype(object)[order],
        is_double=((group == 1) | (group == 2))[order],
        merged_into=np.where(into >= 0, place[into], -1)[order],
        merged_at=merged_at[order],
        deleted_at=deleted_at[order],
        restored_at=restored_at[order],
        of_human=of_human,
    )


def records_of_touches(company: Company, prospects: Prospects, system: str) -> Numbers:
    """Return the record that each touch is written to, -1 where the human has none.

    A share lands on a double while there is one, but never what begins a round or qualifies it.
    """
    touches, rounds = company.touches, company.rounds
    record = prospects.of_human[touches.human]
    doubles = np.flatnonzero(prospects.is_double)[::-1]
    double_of = np.full(len(prospects.of_human), -1)
    double_of[prospects.human[doubles]] = doubles  # the first one, which is written last
    rng = stream(company.settings.seed, f"{system} touches on doubles")
    moves = some(rng, len(touches), _LANDS_ON_DOUBLE)
    moves &= np.isin(touches.kind, (*RESPONSES, VISIT))
    found = np.flatnonzero(moves & (double_of[touches.human] >= 0))
    double, at, round_ = double_of[touches.human[found]], touches.at[found], touches.round[found]
    there = (at > prospects.created_at[double]) & ~(at >= prospects.merged_at[double])
    there &= (at != rounds.begins_at[round_]) & (at != rounds.mql_at[round_])
    record[found[there]] = double[there]
    return record


def first_campaigns(company: Company) -> Numbers:
    """Return the campaign that each human responded to first, -1 for none."""
    touches = company.touches
    found = np.flatnonzero(touches.campaign >= 0)
    human, first = np.unique(touches.human[found], return_index=True)
    campaign = np.full(len(company.people), -1)
    campaign[human] = touches.campaign[found[first]]
    return campaign


def inquiries(company: Company, prospects: Prospects) -> Numbers:
    """Return the rounds whose first response somebody's record shows."""
    rounds = company.rounds
    responds = (rounds.entry == MARKETING) & company.people.responds[rounds.human]
    return np.flatnonzero(responds & (prospects.of_human[rounds.human] >= 0))


def qualifications(company: Company, prospects: Prospects) -> tuple[Numbers, Moments]:
    """Return the rounds that qualified, and when the score of somebody's record said so."""
    rounds, scores = company.rounds, company.scores
    crosses = np.flatnonzero((scores.old < THRESHOLD) & (scores.new >= THRESHOLD))
    round_ = np.flatnonzero(ever(rounds.mql_at) & (prospects.of_human[rounds.human] >= 0))
    # Human and second in one number; both are sorted by human, then by time.
    reached = keys(scores.human[crosses], scores.at[crosses])
    place = np.searchsorted(reached, keys(rounds.human[round_], rounds.mql_at[round_]))
    told = place < len(crosses)
    round_, crossing = round_[told], crosses[place[told]]
    told = scores.human[crossing] == rounds.human[round_]
    return round_[told], scores.at[crossing[told]]


def _deletions(company: Company, known: Flags, system: str) -> tuple[Moments, Moments]:
    """People whom nobody works on are deleted long after the last touch, some by mistake."""
    rounds, touches, settings = company.rounds, company.touches, company.settings
    size, mess = len(company.people), settings.mess
    idle = known.copy()
    idle[rounds.human[ever(rounds.crm_at) | ever(rounds.mql_at)]] = False
    last = company.people.first_at.copy()
    np.maximum.at(last, touches.human, touches.at)
    rng = stream(settings.seed, f"{system} deletions")
    goes = idle & some(rng, size, mess.deleted_record)
    deleted = before(settings.end, only(goes, np.floor(last + gap(rng, size, 60 * DAY, 0.7))))
    back = some(rng, size, mess.restored_record)
    restored = np.floor(deleted + gap(rng, size, 3 * DAY, 0.4))
    return deleted, before(settings.end, only(back, restored))


def _tagged(work_email: Texts, email: Texts) -> Texts:
    """Their own address with a +tag, which reaches the same mailbox."""
    own = np.where(np.char.startswith(email.astype(str), "info@"), work_email, email)
    return np.char.replace(own.astype(str), "@", "+web@").astype(object)


def _private(work_email: Texts) -> Texts:
    local = np.char.partition(work_email.astype(str), "@")[:, 0]
    return np.char.add(local, f"@{FREE_MAIL}").astype(object)
