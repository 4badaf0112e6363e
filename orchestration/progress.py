"""What a run is doing, in lines of plain text."""

from __future__ import annotations

import logging
import threading
from contextlib import contextmanager
from time import monotonic
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

# The terminal, a log file and Dagster's event log listen to this logger.
NAME = "orchestration.progress"

# Long enough to keep a small run short to read, short enough that nobody thinks it hangs.
STILL_AFTER_SECONDS = 10.0

_log = logging.getLogger(NAME)
_log.setLevel(logging.INFO)


def say(phase: str, what: str, *, rows: int | None = None, seconds: float | None = None) -> None:
    """Tell one line: phase, what, rows, seconds."""
    counted = "" if rows is None else f"{rows:,} rows"
    timed = "" if seconds is None else f"{seconds:.1f} s"
    _log.info(f"{phase:<9} {what:<58} {counted:>15} {timed:>8}".rstrip())


@contextmanager
def still(phase: str, what: str, every: float = STILL_AFTER_SECONDS) -> Iterator[None]:
    """Tell again and again that a piece of work is going on, until the block ends."""
    done = threading.Event()
    start = monotonic()

    def tell() -> None:
        while not done.wait(every):
            say(phase, f"still at {what}", seconds=monotonic() - start)

    teller = threading.Thread(target=tell, daemon=True)
    teller.start()
    try:
        yield
    finally:
        done.set()
        teller.join()
