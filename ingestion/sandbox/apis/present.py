"""The moment at which a stand-in answers: the company's time, under control."""

from __future__ import annotations

import threading
import time


class Present:
    """Seconds since 1970, UTC, as the company lives them; shared by all threads of a stand-in.

    `pace` is how many of them go by in a real second; 0, the default, stands still.
    """

    def __init__(self, moment: float, pace: float = 0) -> None:
        self._lock = threading.Lock()
        self._moment = moment
        self._pace = pace
        self._since = time.monotonic()

    def now(self) -> float:
        """Return the moment."""
        with self._lock:
            return self._moment + self._pace * (time.monotonic() - self._since)

    def set(self, moment: float) -> None:
        """Go on from another moment, later or earlier."""
        with self._lock:
            self._moment = moment
            self._since = time.monotonic()

    def advance(self, seconds: float) -> None:
        """Let time pass at once."""
        self.set(self.now() + seconds)
