"""What goes wrong at a stand-in, by name: drawn anew for each request, the same for each seed."""

from __future__ import annotations

import threading
import zlib
from collections import Counter
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping


class Faults:
    """Decides for each request whether a fault strikes it.

    `rates` holds the chance of each fault by its name, 0 where it is not named. What is drawn
    hangs on seed, name, place and how often that place was asked, not on the order of requests to
    different places: threads change nothing. No fault strikes one place more than `in_a_row` times
    running, so that a patient client always comes through.
    """

    def __init__(
        self, rates: Mapping[str, float] | None = None, *, seed: int = 7, in_a_row: int = 2
    ) -> None:
        self.rates = dict(rates or {})
        self.struck: Counter[str] = Counter()  # how often each fault struck
        self._seed = seed
        self._in_a_row = in_a_row
        self._lock = threading.Lock()
        self._asked: Counter[tuple[str, str]] = Counter()
        self._running: Counter[tuple[str, str]] = Counter()

    def strikes(self, name: str, place: str) -> bool:
        """Return whether this request to a place, a path for example, goes wrong in that way."""
        rate = self.rates.get(name, 0)
        if not rate:
            return False
        key = (name, place)
        with self._lock:
            self._asked[key] += 1
            words = zlib.crc32(f"{name} {place}".encode())
            chance = np.random.default_rng([self._seed, words, self._asked[key]]).random()
            if chance >= rate or self._running[key] >= self._in_a_row:
                self._running[key] = 0
                return False
            self._running[key] += 1
            self.struck[name] += 1
            return True
