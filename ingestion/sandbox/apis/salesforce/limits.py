"""How much of the daily limits is used."""

from __future__ import annotations

import threading
from collections import Counter
from typing import TYPE_CHECKING

from ingestion.sandbox.apis.salesforce.refusal import Refusal
from ingestion.sandbox.clock import DAY

if TYPE_CHECKING:
    from ingestion.sandbox.apis.present import Present
    from ingestion.sandbox.apis.salesforce.options import Options

_REQUESTS, _JOBS, _STORAGE = (
    "DailyApiRequests",
    "DailyBulkV2QueryJobs",
    "DailyBulkV2QueryFileStorageMB",
)
_STORAGE_MB = 1_000_000


class Limits:
    """Requests and query jobs since midnight UTC."""

    def __init__(self, present: Present, options: Options) -> None:
        self._present = present
        self._most = {_REQUESTS: options.daily_requests, _JOBS: options.daily_jobs,
                      _STORAGE: _STORAGE_MB}  # fmt: skip
        self._lock = threading.Lock()
        self._day = -1
        self._used: Counter[str] = Counter()

    def count_request(self) -> None:
        """Count one. Raises Refusal, REQUEST_LIMIT_EXCEEDED, beyond the limit."""
        if not self._count(_REQUESTS):
            message = "TotalRequests Limit exceeded."
            raise Refusal(403, "REQUEST_LIMIT_EXCEEDED", message)

    def count_job(self) -> None:
        """Count one. Raises Refusal, LIMIT_EXCEEDED, beyond the limit."""
        if not self._count(_JOBS):
            raise job_limit(self._most[_JOBS])

    def usage(self) -> str:
        """Return what Sforce-Limit-Info says."""
        with self._lock:
            return f"api-usage={self._used[_REQUESTS]}/{self._most[_REQUESTS]}"

    def remaining(self) -> dict[str, dict[str, int]]:
        """Return the limits, each with its most and what is left of it."""
        with self._lock:
            return {
                name: {"Max": most, "Remaining": max(0, most - self._used[name])}
                for name, most in self._most.items()
            }

    def _count(self, name: str) -> bool:
        day = int(self._present.now() // DAY)
        with self._lock:
            if day != self._day:
                self._day = day
                self._used.clear()
            if self._used[name] >= self._most[name]:
                return False
            self._used[name] += 1
            return True


def job_limit(most: int) -> Refusal:
    """Return the refusal of a query job too many."""
    message = f"Max bulk v2 query jobs ({most}) per 24 hrs has been reached"
    return Refusal(400, "LIMIT_EXCEEDED", message)
