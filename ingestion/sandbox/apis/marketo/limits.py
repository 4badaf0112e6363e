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

    `clock` gives the seconds of the window. Refused calls take no place in it.
    """

    def __init__(self, options: MarketoOptions, clock: Callable[[], float]) -> None:
        self._options = options
        self._clock = clock
        self._lock = threading.Lock()
        self._running = 0
        self._recent: deque[float] = deque()
        self._by_day: Counter[str] = Counter()

    def enter(self) -> None:
        """Begin to answer. Raises Refusal 615."""
        most = self._options.concurrent_calls
        with self._lock:
            if most is not None and self._running >= most:
                raise Refusal("615")
            self._running += 1

    def leave(self) -> None:
        """Have answered."""
        with self._lock:
            self._running -= 1

    def spend(self, day: str) -> None:
        """Count a call. Raises Refusal 606, 607."""
        options = self._options
        with self._lock:
            if options.calls_per_day is not None and self._by_day[day] >= options.calls_per_day:
                raise Refusal("607")
            now = self._clock()
            while self._recent and self._recent[0] <= now - options.window:
                self._recent.popleft()
            most = options.calls_per_window
            if most is not None and len(self._recent) >= most:
                message = f"Max rate limit '{most}' exceeded with in '{options.window:g}' secs"
                raise Refusal("606", message)
            self._recent.append(now)
            self._by_day[day] += 1
