"""Some versions of stored records, as tables and as the JSON of a page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from ingestion.sandbox.apis.marketo.stamps import Z, texts
from ingestion.sandbox.systems.columns import INSTANT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ingestion.sandbox.arrays import Moments, Numbers
    from ingestion.sandbox.systems.stored import Stored


def taken(stored: Stored, versions: Numbers, fields: Sequence[str]) -> pa.Table:
    """Return fields of versions, by their places, in this order."""
    record, places = pa.array(stored.record[versions]), pa.array(versions)
    return pa.table(
        {
            field: stored.fixed[field].take(record)
            if field in stored.fixed
            else stored.varying[field].take(places)
            for field in fields
        }
    )


def moments(stored: Stored, field: str) -> Moments:
    """Return the instants of a field as seconds since 1970, one per version, NaN for null."""
    is_fixed = field in stored.fixed
    values = stored.fixed[field] if is_fixed else stored.varying[field]
    seconds = values.cast(pa.int64()).cast(pa.float64()).to_numpy(zero_copy_only=False)
    return np.asarray(seconds[stored.record] if is_fixed else seconds)


def json_rows(
    table: pa.Table, whole_numbers: Sequence[str] = (), form: str = Z
) -> list[dict[str, Any]]:
    """Return the rows of one page. Ids that are texts of digits become numbers where named."""
    columns = {}
    for name in table.column_names:
        values = table[name]
        if values.type == INSTANT:
            values = texts(values, form)
        elif name in whole_numbers:
            values = values.cast(pa.string()).cast(pa.int64())
        columns[name] = values
    rows: list[dict[str, Any]] = pa.table(columns).to_pylist()
    return rows
