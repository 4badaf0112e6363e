"""What the stand-in did, for tests to reconcile with what a client says it read."""

from __future__ import annotations

import threading
from collections import Counter, defaultdict


class Counts:
    """Requests and rows by route, refusals by code, since the stand-in began; and by day.

    A route is its path in the table of routes. The rows of a file count when its last byte goes
    out, to whoever reads it in ranges too.
    """

    def __init__(self) -> None:
        self.requests: Counter[str] = Counter()
        self.rows: Counter[str] = Counter()
        self.refusals: Counter[str] = Counter()
        self.calls_by_day: defaultdict[str, Counter[str]] = defaultdict(Counter)  # by client
        self.refusals_by_day: defaultdict[str, Counter[str]] = defaultdict(Counter)  # by code
        self._lock = threading.Lock()

    def request(self, route: str) -> None:
        """Count a request, whatever becomes of it."""
        with self._lock:
            self.requests[route] += 1

    def served(self, route: str, rows: int) -> None:
        """Count rows that went out."""
        with self._lock:
            self.rows[route] += rows

    def called(self, day: str, client: str) -> None:
        """Count a call against a day's quota."""
        with self._lock:
            self.calls_by_day[day][client] += 1

    def refused(self, day: str, code: str) -> None:
        """Count a refusal."""
        with self._lock:
            self.refusals[code] += 1
            self.refusals_by_day[day][code] += 1
