"""Versions of records that become visible later than their stamps say."""

from __future__ import annotations

import zlib
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from ingestion.sandbox.systems.stored import Stored


def committed(stored: Stored, share: float, longest: float, seed: int) -> Stored:
    """Return an object of which a share of versions is shown up to `longest` seconds later.

    The version before a late one is shown until that comes. What is drawn hangs on the seed and
    the object's name. A version that would be over by then comes in time.
    """
    size = len(stored.record)
    rng = np.random.default_rng([seed, zlib.crc32(stored.name.encode())])
    delay = np.ceil(longest * rng.random(size)) * (rng.random(size) < share)
    begins = stored.shown_from + delay
    begins = np.where(begins < stored.shown_until, begins, stored.shown_from)
    until = stored.shown_until.copy()
    follows = (np.diff(stored.record) == 0) & (until[:-1] == stored.shown_from[1:])
    until[:-1][follows] = begins[1:][follows]
    return replace(stored, shown_from=begins, shown_until=until)
