"""What a system stores of one kind of object over time: versions of records, not a row per day."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ingestion.sandbox.systems.columns import Values, column, instants, whole

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ingestion.sandbox.arrays import Flags, Moments, Numbers


@dataclass(frozen=True)
class Changing:
    """A field that changes: its first value per record, and the changes in any order.

    Shapes: `first` has one value per record; `record` (its place), `at` and `value` have one per
    change. A change that never comes (NaN) is none. Of two changes of one record with one moment
    the later one in this order holds.
    """

    first: Values
    record: Numbers
    at: Moments
    value: Values


@dataclass(frozen=True)
class Stored:
    """All versions of all records of one object of a system.

    `name` is the object's API name. `fixed` holds one value per record of each field that never
    changes; `varying` one per version of each that does. `record` is the place of a version's
    record; the source shows the version from `shown_from` (inclusive) until `shown_until`
    (exclusive, inf: still). `fields` is the order of the columns.

    Types: string or dictionary of string, int64, float64, bool, timestamp('s') in UTC, date32.

    Raises ValueError if lengths differ, a field is missing or there twice, or the versions are not
    in order of record and time, each shown for a while and after the one before it.
    """

    name: str
    fixed: dict[str, pa.Array]
    record: Numbers
    shown_from: Moments
    shown_until: Moments
    varying: dict[str, pa.Array]
    fields: tuple[str, ...]

    def __post_init__(self) -> None:
        records = {len(values) for values in self.fixed.values()}
        lengths = {len(values) for values in self.varying.values()}
        lengths |= {len(self.record), len(self.shown_from), len(self.shown_until)}
        if len(records) > 1 or len(lengths) > 1:
            raise ValueError(f"{self.name}: fields of different lengths: {records}, {lengths}")
        twice = self.fixed.keys() & self.varying.keys()
        if twice or len(set(self.fields)) < len(self.fields):
            raise ValueError(f"{self.name}: a field is there twice: {twice or self.fields}")
        unknown = set(self.fields) - self.fixed.keys() - self.varying.keys()
        if unknown:
            raise ValueError(f"{self.name}: no values for {sorted(unknown)}")
        step = np.diff(self.record)
        follows = (step > 0) | ((step == 0) & (self.shown_from[1:] >= self.shown_until[:-1]))
        if not (np.all(self.shown_from < self.shown_until) and np.all(follows)):
            raise ValueError(f"{self.name}: versions out of order, overlapping or never shown")

    def at(self, moment: float) -> pa.Table:
        """Return what a full export at this moment holds: one row per record, in their order."""
        return self._rows((self.shown_from <= moment) & (moment < self.shown_until))

    def between(self, start: float, end: float) -> pa.Table:
        """Return what an increment over [start, end) holds: one row per record, in their order.

        A record is in it with its last version that was first shown in that time, unless that was
        gone before the end.
        """
        is_new = (start <= self.shown_from) & (self.shown_from < end)
        return self._rows(is_new & (self.shown_until >= end))

    def _rows(self, which: Flags) -> pa.Table:
        version = np.flatnonzero(which)
        record = pa.array(self.record[version])
        places = pa.array(version)
        return pa.table(
            {
                field: self.fixed[field].take(record)
                if field in self.fixed
                else self.varying[field].take(places)
                for field in self.fields
            }
        )


def append_only(
    name: str,
    fields: tuple[str, ...],
    columns: Mapping[str, Values],
    shown_from: Moments,
    shown_until: Moments | None = None,
) -> Stored:
    """Return records that never change: histories, activities.

    `shown_from`, `shown_until` (NaN: still shown) and each of the columns have one value per
    record. A record whose time is over before it begins is never shown. Raises ValueError for a
    NaN in `shown_from` and as `Stored` does.
    """
    if np.isnan(shown_from).any():
        raise ValueError(f"{name}: a record is shown from never")
    until = _end(shown_until, len(shown_from))
    is_shown = shown_from < until
    return Stored(
        name=name,
        fixed={field: column(values) for field, values in columns.items()},
        record=np.flatnonzero(is_shown),
        shown_from=shown_from[is_shown],
        shown_until=until[is_shown],
        varying={},
        fields=fields,
    )


def build_stored(  # noqa: PLR0913 - all that an object can have; given by name
    name: str,
    fields: tuple[str, ...],
    *,
    created_at: Moments,
    fixed: Mapping[str, Values],
    changing: Mapping[str, Changing],
    stamp: str | None = None,
    gone_at: Moments | None = None,
    lag: Moments | None = None,
) -> Stored:
    """Return the versions of records that are created, change and perhaps go.

    Shapes: `created_at`, `gone_at` (hard deletion, NaN: never) and `lag` (seconds) have one value
    per record. A version begins when its record is created and whenever one of its fields
    changes. Changes before the creation make the first value; changes at and after `gone_at`
    count for nothing. `stamp` names the field that holds a version's own moment. The last version
    of a record is shown `lag` later than its stamp; one that is then gone already is never shown.

    Raises ValueError for moments that are not whole seconds, a creation that never comes, a
    negative lag, a change of a record that does not exist, and as `Stored` does.
    """
    created = whole(created_at)
    count = len(created)
    if any(one is not None and len(one) != count for one in (gone_at, lag)):
        raise ValueError(f"{name}: gone_at and lag need {count} values")
    changes = {field: _changes(f"{name}.{field}", created, one) for field, one in changing.items()}
    moments = np.concatenate([created, *(moment for _, moment, _ in changes.values())])
    low = moments.min(initial=0)
    # Record and second in one number: 10 million records leave room for 29,000 years.
    span = moments.max(initial=0) - low + 1
    birth = np.arange(count) * span + created - low
    keys = {field: record * span + moment - low for field, (record, moment, _) in changes.items()}
    # Not np.unique: NumPy 2.4 hashes first, 4.5 s for 5 million keys against 0.04 s.
    ordered = np.sort(np.concatenate([birth, *keys.values()]))
    versions = ordered[np.diff(ordered, prepend=-1) != 0]
    record, moment = np.divmod(versions, span)
    moment += low
    first = np.searchsorted(versions, birth)

    gone = _end(gone_at, count)
    rows = np.flatnonzero(moment < gone[record])
    shown_from, shown_until = _shown(record[rows], moment[rows], gone, lag)
    is_shown = shown_from < shown_until
    rows = rows[is_shown]

    varying = {}
    for field, (_, _, order) in changes.items():
        # Per version: the place of its value among the first values and then the changes.
        origin = np.full(len(versions), -1)
        origin[first] = np.arange(count)
        origin[np.searchsorted(versions, keys[field])] = count + order
        at = np.where(origin >= 0, np.arange(len(versions)), 0)
        origin = origin[np.maximum.accumulate(at)]
        varying[field] = _after(changing[field]).take(pa.array(origin[rows]))
    if stamp is not None:
        if stamp in varying:
            raise ValueError(f"{name}: {stamp} is the stamp and changes by itself")
        varying[stamp] = instants(moment[rows].astype(np.float64))
    kept = {field: column(values) for field, values in fixed.items()}
    if any(len(values) != count for values in kept.values()):
        raise ValueError(f"{name}: fixed fields need {count} values")
    return Stored(
        name=name,
        fixed=kept,
        record=record[rows],
        shown_from=shown_from[is_shown],
        shown_until=shown_until[is_shown],
        varying=varying,
        fields=fields,
    )


def _changes(name: str, created: Numbers, changing: Changing) -> tuple[Numbers, Numbers, Numbers]:
    """Record, moment and place of the changes that count: one per record and moment."""
    sizes = {len(changing.record), len(changing.at), len(changing.value)}
    if len(sizes) > 1 or len(changing.first) != len(created):
        raise ValueError(f"{name}: {sizes} changes, {len(changing.first)} of {len(created)} firsts")
    comes = np.flatnonzero(~np.isnan(changing.at))
    record = changing.record[comes]
    if np.any((record < 0) | (record >= len(created))):
        raise ValueError(f"{name}: a change of a record that does not exist")
    at = whole(changing.at[comes])
    order = np.lexsort((at, record))
    record, moment = record[order], np.maximum(at[order], created[record[order]])
    is_last = (np.diff(record, append=-1) != 0) | (np.diff(moment, append=-1) != 0)
    return record[is_last], moment[is_last], comes[order[is_last]]


def _shown(
    record: Numbers, moment: Numbers, gone: Moments, lag: Moments | None
) -> tuple[Moments, Moments]:
    """From when and until when the versions are shown."""
    shown_from = moment.astype(np.float64)
    is_last = np.diff(record, append=-1) != 0
    if lag is not None:
        if not np.all(lag >= 0):
            raise ValueError("a lag must be 0 or more seconds")
        shown_from[is_last] += lag[record[is_last]]
    shown_until = gone[record]
    following = np.append(shown_from[1:], np.inf)
    return shown_from, np.where(is_last, shown_until, np.minimum(shown_until, following))


def _end(moments: Moments | None, count: int) -> Moments:
    """Until when: inf for what never ends."""
    if moments is None:
        return np.full(count, np.inf)
    return np.where(np.isnan(moments), np.inf, moments)


def _after(changing: Changing) -> pa.Array:
    """The first values and then the changes, dictionaries only if both are."""
    both = [column(changing.first), column(changing.value)]
    if both[0].type != both[1].type:
        both = [
            pc.dictionary_decode(one) if pa.types.is_dictionary(one.type) else one for one in both
        ]
    return pa.concat_arrays(both)
