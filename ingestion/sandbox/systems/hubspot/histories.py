"""Values of properties over time, and the history that HubSpot keeps of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pyarrow as pa

from ingestion.sandbox.clock import never, only
from ingestion.sandbox.systems.columns import instants
from ingestion.sandbox.systems.hubspot.contacts import Holding
from ingestion.sandbox.systems.stored import Changing, Stored
from ingestion.sandbox.systems.words import coded

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ingestion.sandbox.arrays import Moments, Numbers
    from ingestion.sandbox.systems.hubspot.owners import Owners

# How a value came to be, by its place: source type and id; people have ids of their own.
SOURCES = (
    ("CRM_UI", ""),
    ("FORM", "forms"),
    ("AUTOMATION_PLATFORM", "lead-routing"),
    ("CALCULATED", "HubSpotScore"),
    ("SALESFORCE", "sync"),
    ("IMPORT", "list-import"),
)
BY_HAND, BY_FORM, BY_WORKFLOW, BY_SCORE, BY_SYNC, BY_IMPORT = range(len(SOURCES))
NOBODY = -1
# HubSpot keeps so many of the latest values of each property.
KEPT_OF_CONTACTS, KEPT_OF_OTHERS = 45, 20


@dataclass(frozen=True)
class Values:
    """All values that a property gets, the first one included: one entry per value.

    Sorted by record and time; `record` is the place of a line of contacts or of a deal.
    """

    property: str
    record: Numbers
    at: Moments
    value: pa.Array  # strings or a dictionary of them; "" where it was cleared
    source: Numbers  # place in SOURCES
    by: Numbers  # place in the owners, NOBODY for machines

    def __len__(self) -> int:
        return len(self.record)

    def changing(self, count: int, holding: tuple[Numbers, Numbers] | None = None) -> Changing:
        """Return them as a field of `count` records.

        `holding` gives the place of a value and the place of a record that has it, for each pair.
        """
        place, record = holding or (np.arange(len(self)), self.record)
        return Changing(
            nothing(self.value, count), record, self.at[place], self.value.take(pa.array(place))
        )


class How(NamedTuple):
    """How values came to be, one and the same or one for each: see `Values`."""

    source: Numbers | int
    by: Numbers | int = NOBODY


def values_of(name: str, record: Numbers, at: Moments, value: pa.Array, how: How) -> Values:
    """Sort values of a property; those that never come and those without a value are left out."""
    kept = np.flatnonzero(~np.isnan(at) & ~value.is_null().to_numpy(zero_copy_only=False))
    order = kept[np.lexsort((kept, at[kept], record[kept]))]
    size = len(at)
    return Values(
        name,
        record[order],
        at[order],
        value.take(pa.array(order)),
        np.broadcast_to(np.asarray(how.source), (size,))[order],
        np.broadcast_to(np.asarray(how.by), (size,))[order],
    )


def nothing(like: pa.Array, count: int) -> pa.Array:
    """Return nulls of the same type, with the same dictionary."""
    if isinstance(like, pa.DictionaryArray):
        return pa.DictionaryArray.from_arrays(pa.nulls(count, pa.int32()), like.dictionary)
    return pa.nulls(count, like.type)


class History(NamedTuple):
    """What a history is about."""

    name: str
    key: str  # the column of the ids
    ids: pa.Array  # per record
    kept: int | None  # how many of the latest values of a property are kept; None: all


def property_history(
    history: History,
    every: Sequence[Values],
    owners: Owners,
    holding: Callable[[Numbers, Moments], Holding] | None = None,
) -> Stored:
    """Return the values that properties had, under the id of whichever record holds them.

    HubSpot lists the values of a property without ids; `number` is the place of a value in that
    list, from 1 for the first one ever.
    """
    sizes = [len(one) for one in every]
    property_ = np.repeat(np.arange(len(every)), sizes)
    record, at, source, by = (
        np.concatenate([getattr(one, field) for one in every])
        for field in ("record", "at", "source", "by")
    )
    value = pa.concat_arrays([one.value.cast(pa.string()) for one in every])
    purged = np.concatenate([_purged_at(one, history.kept) for one in every])
    order = np.lexsort((np.arange(len(at)), property_, record))
    record, at, purged, property_ = record[order], at[order], purged[order], property_[order]
    begins = (np.diff(record, prepend=-1) != 0) | (np.diff(property_, prepend=-1) != 0)
    number = np.arange(len(at)) + 1
    number -= np.maximum.accumulate(np.where(begins, number - 1, 0))
    if holding is None:
        held = Holding(np.arange(len(at)), record, at, np.full(len(at), np.inf))
    else:
        held = holding(record, at)
    until = np.fmin(held.shown_until, purged[held.place])
    is_kept = held.shown_from < until
    types, makers = zip(*SOURCES, strict=True)
    users = [f"userId:{one}" for one in owners.user_ids.to_pylist()]
    maker = np.where(by >= 0, by, len(users) + source)[order]
    return Stored(
        name=history.name,
        fixed={
            "property": coded(property_, [one.property for one in every]),
            "number": pa.array(number),
            "value": value.take(pa.array(order)),
            "timestamp": instants(at),
            "sourceType": coded(source[order], types),
            "sourceId": coded(maker, [*users, *makers]),
        },
        record=held.place[is_kept],
        shown_from=held.shown_from[is_kept],
        shown_until=until[is_kept],
        varying={history.key: history.ids.take(pa.array(held.record[is_kept]))},
        fields=(history.key, "property", "number", "value", "timestamp", "sourceType", "sourceId"),
    )


def purged_at(record: Numbers, at: Moments, kept: int) -> Moments:
    """Return when each value makes room for later ones: with the value `kept` places after it.

    Values are sorted by record and time; never where there is no such value.
    """
    size = len(record)
    place = np.minimum(np.arange(size) + kept, size - 1)
    return only((record[place] == record) & (np.arange(size) + kept < size), at[place])


def _purged_at(values: Values, kept: int | None) -> Moments:
    if kept is None or not len(values):
        return never(len(values))
    return purged_at(values.record, values.at, kept)
