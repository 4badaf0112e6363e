"""What the stand-in did, for tests to reconcile."""

from __future__ import annotations

import threading
from collections import Counter


class Counts:
    """Requests by route, refused ones too, and rows served by object, repeated ones too."""

    def __init__(self) -> None:
        self.requests: Counter[str] = Counter()
        self.rows: Counter[str] = Counter()
        self._lock = threading.Lock()

    def count_request(self, route: str) -> None:
        """Count a request to a route."""
        with self._lock:
            self.requests[route] += 1

    def count_rows(self, entity: str, rows: int) -> None:
        """Count rows of an object that were served."""
        with self._lock:
            self.rows[entity] += rows
