"""Logs of activities: entries that go where their record goes when it is merged or deleted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from ingestion.sandbox.chance import some, stream
from ingestion.sandbox.clock import MINUTE
from ingestion.sandbox.systems.columns import column
from ingestion.sandbox.systems.stored import Stored

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ingestion.sandbox.arrays import Moments, Numbers
    from ingestion.sandbox.company.company import Company
    from ingestion.sandbox.systems.columns import Values
    from ingestion.sandbox.systems.prospects import Prospects

_MOST_MERGES = 2  # of one record, one into the next


@dataclass(frozen=True)
class Logged(Stored):
    """Activities. One that a merge moved to another record has a second version.

    `activity` is the number of each version's activity.
    """

    activity: Numbers

    def between(self, start: float, end: float) -> pa.Table:
        """Return the activities first shown in [start, end), as shown at the end.

        An increment goes by the date of the activity: that it moved later is in no increment.
        """
        begins = np.diff(self.activity, prepend=-1) != 0
        first = np.maximum.accumulate(np.where(begins, np.arange(len(begins)), 0))
        shown_first = self.shown_from[first]
        is_new = (start <= shown_first) & (shown_first < end) & (self.shown_from < end)
        return self._rows(is_new & (self.shown_until >= end))


def log(  # noqa: PLR0913 - all that a log can have; given by name
    name: str,
    fields: tuple[str, ...],
    columns: Mapping[str, Values],
    *,
    id_of: pa.Array,
    id_field: str,
    prospects: Prospects,
    record: Numbers,
    at: Moments,
    lag: Moments,
    kept: float,
    outlives_record: bool = False,
) -> Logged:
    """Return a log of activities, sorted by their moments.

    `columns`, `record` (place in prospects), `at` and `lag` (seconds until it is shown) have one
    value per activity. `id_field` holds the id of the record, one of `id_of`. An activity is shown
    for `kept` seconds, and until its record is deleted unless it outlives it.
    """
    size = len(at)
    deleted = np.nan_to_num(prospects.deleted_at, nan=np.inf)
    merged = np.nan_to_num(prospects.merged_at, nan=np.inf)
    activity, holder, shown_from = np.arange(size), record, at + lag
    parts = []
    for _ in range(_MOST_MERGES + 1):
        gone = np.inf if outlives_record else deleted[holder]
        shown_until = np.minimum(np.minimum(at[activity] + kept, gone), merged[holder])
        is_shown = shown_from < shown_until
        parts.append(
            (activity[is_shown], holder[is_shown], shown_from[is_shown], shown_until[is_shown])
        )
        moves = np.flatnonzero(np.isfinite(merged[holder]))
        shown_from = np.maximum(shown_from, merged[holder])[moves]
        activity, holder = activity[moves], prospects.merged_into[holder[moves]]
    activity, holder, shown_from, shown_until = (
        np.concatenate([part[field] for part in parts]) for field in range(4)
    )
    order = np.lexsort((shown_from, activity))
    activity, holder = activity[order], id_of.take(pa.array(holder[order]))
    fixed = {field: column(values) for field, values in columns.items()}
    varying = {id_field: holder}
    record = activity
    if np.isfinite(kept):
        # Who asks since when a log knows all takes one without varying fields for purged: each
        # version stands as a record of its own.
        taken = pa.array(activity)
        fixed = {field: values.take(taken) for field, values in fixed.items()} | varying
        varying, record = {}, np.arange(len(activity))
    return Logged(
        name=name,
        fixed=fixed,
        record=record,
        shown_from=shown_from[order],
        shown_until=shown_until[order],
        varying=varying,
        fields=fields,
        activity=activity,
    )


def lags(company: Company, noun: str, size: int) -> Moments:
    """Return how many seconds late each record is shown: up to an hour for a share of them."""
    rng = stream(company.settings.seed, f"{noun} late commits")
    late = some(rng, size, company.settings.mess.late_commit)
    return np.where(late, np.floor(MINUTE + 59 * MINUTE * rng.random(size)), 0)
