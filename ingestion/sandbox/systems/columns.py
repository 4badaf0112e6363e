"""Arrow columns: from NumPy, from moments, and from texts that all have one width."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from ingestion.sandbox.clock import DAY, east

if TYPE_CHECKING:
    from ingestion.sandbox.arrays import Flags, Moments, Numbers

# One value per row, as NumPy or Arrow holds them.
Values: TypeAlias = npt.NDArray[Any] | pa.Array | pa.ChunkedArray
# One row per text, one column per byte.
Bytes: TypeAlias = npt.NDArray[np.uint8]

INSTANT = pa.timestamp("s")


def column(values: Values) -> pa.Array:
    """Return values as one Arrow array.

    Arrays of objects hold texts and None and become strings with nulls; NaN becomes null. Moments
    go through `instants` or `dates`. Raises pa.ArrowTypeError for objects that are not texts.
    """
    if isinstance(values, pa.ChunkedArray):
        return values.combine_chunks()
    if isinstance(values, pa.Array):
        return values
    if values.dtype == object:
        return pa.array(values, pa.string())
    return pa.array(values, from_pandas=True)


def instants(moments: Moments) -> pa.Array:
    """Return moments as timestamp('s') in UTC, null for never.

    Raises pa.ArrowInvalid, a ValueError, for parts of a second.
    """
    return pa.array(moments, from_pandas=True).cast(pa.int64()).cast(INSTANT)


def dates(moments: Moments, zone: str = "UTC") -> pa.Array:
    """Return the local day in an IANA zone as date32, null for never.

    Raises ZoneInfoNotFoundError for an unknown zone.
    """
    missing = np.isnan(moments)
    seconds = np.where(missing, 0, moments).astype(np.int64)
    days = (seconds + east(seconds, zone)) // int(DAY)
    return pa.array(days.astype(np.int32), mask=missing).cast(pa.date32())


def whole(moments: Moments) -> Numbers:
    """Return moments as whole seconds. Raises ValueError for never and for parts of a second."""
    if not np.all(np.isfinite(moments) & (np.floor(moments) == moments)):
        raise ValueError("moments must be whole seconds, and come")
    return np.asarray(moments).astype(np.int64)


def text_of_bytes(matrix: Bytes, missing: Flags | None = None) -> pa.Array:
    """Return each row of UTF-8 bytes as a string, null where it is missing.

    Raises pa.ArrowInvalid for 2 GiB and more.
    """
    count, width = matrix.shape
    ends = pa.array(np.arange(count + 1) * width).cast(pa.int32())
    valid = None if missing is None else pa.array(~missing).buffers()[1]
    data = pa.py_buffer(np.ascontiguousarray(matrix))
    return pa.StringArray.from_buffers(count, ends.buffers()[1], data, valid)
