"""How many calls a subscription may make: at once, in a while, in a day."""

from __future__ import annotations

import threading
from collections import Counter, deque
from typing import TYPE_CHECKING

from ingestion.sandbox.apis.marketo.refusal import Refusal

if TYPE_CHECKING:
    from collections.abc import Callable

    from ingestion.sandbox.apis.marketo.options import MarketoOptions


class Limits:
    """Counts the calls of all clients together, as a subscription does.

    `clock` gives the seconds of the window.
    """

    def __init__(self, options: MarketoOptions, clock: Callable[[], float]) -> None:
        self._options = options
        self._clock = clock
        self._lock = threading.Lock()
        self._running = 0
        self._recent: deque[float] = deque()
        self._by_day: Counter[str] = Counter()

    def enter(self) -> bool:
        """Begin to answer; False if there are too many that are being answered."""
        most = self._options.concurrent_calls
        with self._lock:
            if most is not None and self._running >= most:
                return False
            self._running += 1
            return True

    def leave(self) -> None:
        """Have answered one that entered."""
        with self._lock:
            self._running -= 1

    def count(self, day: str) -> None:
        """Count a call against the day. Raises Refusal 607."""
        most = self._options.calls_per_day
        with self._lock:
            if most is not None and self._by_day[day] >= most:
                raise Refusal("607")
            self._by_day[day] += 1

    def pace(self) -> None:
        """Count a call against the window. Raises Refusal 606; refused ones take no place."""
        most, window = self._options.calls_per_window, self._options.window
        with self._lock:
            now = self._clock()
            while self._recent and self._recent[0] <= now - window:
                self._recent.popleft()
            if most is not None and len(self._recent) >= most:
                raise Refusal("606", f"Max rate limit '{most}' exceeded with in '{window:g}' secs")
            self._recent.append(now)
