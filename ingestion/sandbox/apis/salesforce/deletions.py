"""Which records of an object were deleted, and when."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

if TYPE_CHECKING:
    from ingestion.sandbox.arrays import Moments
    from ingestion.sandbox.systems.stored import Stored


def deletions(stored: Stored, start: float, end: float) -> tuple[pa.Array, Moments]:
    """Return ids and moments of the deletions from `start` (inclusive) to `end` (exclusive).

    A record that was restored by the end is not among them; one that is gone for good is, with the
    moment at which it came into the recycle bin, if there was one for it.
    """
    known = np.flatnonzero(stored.shown_from < end)
    last = known[np.diff(stored.record[known], append=-1) != 0]
    record = stored.record[last]
    flag = stored.varying.get("IsDeleted")
    if flag is not None:
        binned = np.asarray(flag.take(pa.array(last)).to_numpy(zero_copy_only=False), dtype=bool)
    else:
        binned = np.zeros(len(last), dtype=bool)
    until = stored.shown_until[last]
    at = np.where(binned, stored.shown_from[last], until)
    found = (start <= at) & (at < end)
    return stored.fixed["Id"].take(pa.array(record[found])), at[found]
