"""Histories of tracked fields: LeadHistory, OpportunityFieldHistory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from ingestion.sandbox.systems.columns import instants
from ingestion.sandbox.systems.salesforce.retention import HISTORY_KEPT
from ingestion.sandbox.systems.stored import Stored, append_only

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ingestion.sandbox.arrays import Moments
    from ingestion.sandbox.systems.salesforce.org import Org


@dataclass(frozen=True)
class HistoryRows:
    """Changes of one field: one entry per row in every array."""

    field: str
    data_type: str
    record: pa.Array  # ids
    at: Moments
    old: pa.Array
    new: pa.Array
    by: pa.Array
    gone_at: Moments  # of the record that changed: its history goes with it


def history_object(
    org: Org, name: str, parent: str, prefix: str, rows: Sequence[HistoryRows]
) -> Stored:
    """Return the history of tracked fields: LeadHistory, OpportunityFieldHistory.

    One row per change, two where an id changes (the id and the name); kept for 24 months, if their
    record is there for so long.
    """
    at = np.concatenate([one.at for one in rows])
    until = np.concatenate([one.gone_at for one in rows])
    if org.company.settings.mess.purged_history:
        until = np.fmin(until, at + HISTORY_KEPT)
    sizes = [len(one.at) for one in rows]
    order = np.argsort(at, kind="stable")
    taken = pa.array(order)

    def joined(values: Sequence[pa.Array]) -> pa.Array:
        plain = [one.cast(pa.string()) for one in values]
        return pa.concat_arrays(plain).take(taken)

    part = pa.array(np.repeat(np.arange(len(rows)), sizes)[order])

    def told(words: Sequence[str]) -> pa.Array:
        return pa.array(words).take(part).dictionary_encode()

    return append_only(
        name,
        (
            "Id", "IsDeleted", parent, "Field", "DataType", "OldValue", "NewValue", "CreatedById",
            "CreatedDate",
        ),
        {
            "Id": org.numbered(prefix, len(at)),
            "IsDeleted": np.zeros(len(at), dtype=bool),
            parent: joined([one.record for one in rows]),
            "Field": told([one.field for one in rows]),
            "DataType": told([one.data_type for one in rows]),
            "OldValue": joined([one.old for one in rows]),
            "NewValue": joined([one.new for one in rows]),
            "CreatedById": joined([one.by for one in rows]),
            "CreatedDate": instants(at[order]),
        },
        at[order],
        until[order],
    )  # fmt: skip
