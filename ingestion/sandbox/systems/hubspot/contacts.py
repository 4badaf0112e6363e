"""Contacts: one for each human that HubSpot knows, some one too many, merges under new ids."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ingestion.sandbox.chance import some, stream
from ingestion.sandbox.clock import DAY, before, ever, gap, never, only
from ingestion.sandbox.company.people import MARKETING
from ingestion.sandbox.systems.columns import column
from ingestion.sandbox.systems.identifiers import numeric

if TYPE_CHECKING:
    from ingestion.sandbox.arrays import Flags, Moments, Numbers, Texts
    from ingestion.sandbox.company.company import Company


class Holding(NamedTuple):
    """Which record stands for something, and while it does: one entry per pair in every array."""

    place: Numbers  # of what was asked for
    record: Numbers  # place in the records
    shown_from: Moments
    shown_until: Moments


@dataclass(frozen=True)
class Lines:
    """One entry per contact as people see it, under whatever id, in every array."""

    human: Numbers
    created_at: Moments
    email: Texts  # as first given; None where another contact has the address
    is_double: Flags
    deleted_at: Moments
    restored_at: Moments

    def __len__(self) -> int:
        return len(self.human)


@dataclass(frozen=True)
class Contacts:
    """Lines, and the records that they are stored under: one entry per record in the others.

    A merge makes a new record and both old ones are gone, so a line has a record after another.
    Records are in the order of their ids.
    """

    lines: Lines
    of_human: Numbers  # per human: the place of their own line, -1 for none
    double_of: Numbers  # per human: the line of a second contact, -1 for none
    heir_of: Numbers  # lines that were merged into another, and the records that came of it
    heir: Numbers
    ids: pa.Array
    line: Numbers
    begins_at: Moments
    gone_at: Moments
    merged: pa.Array  # ids of all records that went into it, joined by ;
    more_emails: pa.Array  # addresses of those, joined by ;

    def __len__(self) -> int:
        return len(self.line)

    def merged_at(self, line: Numbers) -> Moments:
        """Return when each line's first record was merged into another one."""
        first = np.full(len(self.lines), len(self))
        np.minimum.at(first, self.line, np.arange(len(self)))
        return np.asarray(self.gone_at[first[line]])

    def spread(self, line: Numbers) -> tuple[Numbers, Numbers]:
        """Return all records of each of these lines in the order of time, and for which one."""
        return _spread(line, np.arange(len(self)), self.line, len(self.lines))

    def holding(self, line: Numbers, at: Moments) -> Holding:
        """Return the records that hold what was written about these lines at these moments."""
        return self._still(at, *self.spread(line))

    def following(self, line: Numbers, at: Moments) -> Holding:
        """Return the same, and after a merge the new record: what a contact did goes with it."""
        record = np.append(np.arange(len(self)), self.heir)
        owner = np.append(self.line, self.heir_of)
        order = np.lexsort((record, owner))
        return self._still(at, *_spread(line, record[order], owner[order], len(self.lines)))

    def _still(self, at: Moments, place: Numbers, record: Numbers) -> Holding:
        until = np.where(ever(self.gone_at), self.gone_at, np.inf)[record]
        still = until > at[place]
        place, record = place[still], record[still]
        shown_from = np.maximum(at[place], self.begins_at[record])
        return Holding(place, record, shown_from, until[still])


class _Doubles(NamedTuple):
    """Per human: when a second and a third contact appear, and when they are merged away."""

    second_at: Moments
    third_at: Moments
    merged_at: Moments  # the first one and the second
    merged_again_at: Moments  # what came of it, and the third


def draw_contacts(company: Company, members: Flags, first_id: int, *, is_crm: bool) -> Contacts:
    """Give everybody a contact whom HubSpot knows, and some people one too many.

    Only a marketing portal does not know whom sales found. HubSpot keeps an address in one contact
    only: who gives an address that a contact before theirs holds, has a contact without one.
    """
    people = company.people
    known = members if is_crm else members & (people.known_by == MARKETING)
    human = np.flatnonzero(known)
    doubles = _doubles(company)
    second = human[ever(doubles.second_at[human])]
    third = human[ever(doubles.third_at[human])]
    deleted, restored = _deletions(company, doubles)
    more = len(second) + len(third)
    lines = Lines(
        human=np.concatenate([human, second, third]),
        created_at=np.concatenate(
            [people.first_at[human], doubles.second_at[second], doubles.third_at[third]]
        ),
        email=np.concatenate(
            [_not_taken(people.email[human]), *_other_addresses(company, second, third)]
        ),
        is_double=np.arange(len(human) + more) >= len(human),
        deleted_at=np.append(deleted[human], never(more)),
        restored_at=np.append(restored[human], never(more)),
    )
    groups = (human, second, third)
    starts = np.cumsum([0, *(len(one) for one in groups)])
    places = [np.full(len(people), -1) for _ in groups]
    for place, group, start in zip(places, groups, starts, strict=False):
        place[group] = start + np.arange(len(group))
    return _recorded(lines, places, doubles, first_id)


def _doubles(company: Company) -> _Doubles:
    people, settings = company.people, company.settings
    mess, end, size = settings.mess, settings.end, len(company.people)
    rng = stream(settings.seed, "hubspot doubles")
    has_second = some(rng, size, mess.duplicate_prospect)
    second = np.floor(people.first_at + gap(rng, size, 20 * DAY, 1.2))
    second = before(end, only(has_second, second))
    merges = some(rng, size, mess.merged_duplicate)
    merged = before(end, only(merges, second + DAY + np.floor(gap(rng, size, 15 * DAY, 0.8))))
    chained = some(rng, size, mess.merge_chain)
    again = before(end, only(chained, merged + DAY + np.floor(gap(rng, size, 10 * DAY, 0.6))))
    third = only(ever(again), np.floor((second + merged) / 2))
    return _Doubles(second, third, merged, again)


def _deletions(company: Company, doubles: _Doubles) -> tuple[Moments, Moments]:
    """Per human: contacts that nobody worked on are archived, some by mistake."""
    people, rounds, settings = company.people, company.rounds, company.settings
    mess, end, size = settings.mess, settings.end, len(people)
    is_worked = np.zeros(size, dtype=bool)
    is_worked[rounds.human[ever(rounds.assigned_at) | ever(rounds.disqualified_at)]] = True
    last = people.first_at.copy()
    np.fmax.at(last, company.touches.human, company.touches.at)
    for changed_at in (people.phone_told_at, people.email_changes_at):
        last = np.fmax(last, changed_at)
    rng = stream(settings.seed, "hubspot deletions")
    goes = some(rng, size, mess.deleted_record) & ~is_worked & ~ever(doubles.second_at)
    deleted = before(end, only(goes, np.floor(last + gap(rng, size, 60 * DAY, 0.7))))
    back = some(rng, size, mess.restored_record)
    restored = only(back, deleted + np.floor(gap(rng, size, 3 * DAY, 0.4)))
    return deleted, before(end, restored)


def _not_taken(email: Texts) -> Texts:
    """The addresses, None for those that somebody before has."""
    code = pc.dictionary_encode(column(email)).indices.to_numpy()
    _, first = np.unique(code, return_index=True)
    kept = np.full(len(email), None, dtype=object)
    kept[first] = email[first]
    return kept


def _other_addresses(company: Company, second: Numbers, third: Numbers) -> tuple[Texts, Texts]:
    """Another address of theirs for the second contact, and yet another one for the third."""
    people, settings = company.people, company.settings
    rng = stream(settings.seed, "hubspot addresses")
    is_tagged = some(rng, len(people), settings.mess.plus_address)[second]
    given, work = people.email[second], people.work_email[second]
    # Tags of an address that is not theirs alone would reach somebody else.
    is_tagged &= ~people.shares_mailbox[second]
    other = np.where(given == work, _changed(work, ".", ""), work)
    other = np.where(is_tagged, _changed(given, "@", "+web@"), other).astype(object)
    return other, _changed(people.work_email[third], ".", "_")


def _changed(email: Texts, old: str, new: str) -> Texts:
    """Addresses with the first mark in them changed: after the name, or between first and last."""
    if not len(email):
        return email
    return np.char.replace(email.astype(str), old, new, count=1).astype(object)


def _recorded(lines: Lines, places: list[Numbers], doubles: _Doubles, first_id: int) -> Contacts:
    """Give the lines their records: as created, after the first merge, after the second.

    `places`: per human the place of the first, second and third line, -1 for none.
    """
    of_human, of_second, of_third = places
    own = np.flatnonzero(of_human >= 0)
    merged = own[ever(doubles.merged_at[own])]
    again = own[ever(doubles.merged_again_at[own])]
    size = len(lines)
    gone = never(size)
    for line, at in (
        (of_human[merged], doubles.merged_at[merged]),
        (of_second[merged], doubles.merged_at[merged]),
        (of_third[again], doubles.merged_again_at[again]),
    ):
        gone[line] = at
    line = np.concatenate([np.arange(size), of_human[merged], of_human[again]])
    begins = np.concatenate(
        [lines.created_at, doubles.merged_at[merged], doubles.merged_again_at[again]]
    )
    gone = np.concatenate([gone, doubles.merged_again_at[merged], never(len(again))])
    order = np.argsort(begins, kind="stable")
    number = np.empty(len(order), dtype=np.int64)
    number[order] = np.arange(len(order))

    # What went into the survivors: records and lines, in the order of the columns.
    survivor = number[size : size + len(merged)]
    final = number[size + len(merged) :]
    via = survivor[np.searchsorted(merged, again)]
    went, joined = np.full((len(order), 4), -1), np.full((len(order), 2), -1)
    went[survivor, 0], went[survivor, 1] = number[of_human[merged]], number[of_second[merged]]
    joined[survivor, 0] = of_second[merged]
    went[final, :2], joined[final, 0] = went[via, :2], joined[via, 0]
    went[final, 2], went[final, 3] = via, number[of_third[again]]
    joined[final, 1] = of_third[again]
    ids = numeric(np.arange(len(order)), first_id)
    return Contacts(
        lines=lines,
        of_human=of_human,
        double_of=of_second,
        heir_of=np.concatenate([of_second[merged], of_second[again], of_third[again]]),
        heir=np.concatenate([survivor, final, final]),
        ids=ids,
        line=line[order],
        begins_at=begins[order],
        gone_at=gone[order],
        merged=_listed(ids, went),
        more_emails=_listed(column(lines.email), joined),
    )


def _spread(line: Numbers, record: Numbers, owner: Numbers, lines: int) -> tuple[Numbers, Numbers]:
    """For each of these lines its records, in the given order of pairs of record and line."""
    order = np.argsort(owner, kind="stable")
    count = np.bincount(owner, minlength=lines)
    first = np.cumsum(count) - count
    size = count[line]
    place = np.repeat(np.arange(len(line)), size)
    within = np.arange(len(place)) - np.repeat(np.cumsum(size) - size, size)
    return place, record[order[first[line][place] + within]]


def _listed(values: pa.Array, places: Numbers) -> pa.Array:
    """The values at the places of each row (-1 for none) joined by ;, null where there is none."""
    # Arrow would leave rows of nothing but nulls out of the result.
    is_some = (places >= 0).any(axis=1)
    some_places = places[is_some]
    columns = [
        values.take(pa.array(some_places[:, one], mask=some_places[:, one] < 0))
        for one in range(places.shape[1])
    ]
    joined = pc.binary_join_element_wise(*columns, ";", null_handling="skip")
    return joined.take(pa.array(np.cumsum(is_some) - 1, mask=~is_some))
