"""One run at a time for each data set."""

from __future__ import annotations

import json
import os
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from ingestion.errors import TerminalError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def hold_lock(path: Path, run: str) -> Iterator[None]:
    """Hold the run lock, at once or not at all; the kernel releases it if the process dies.

    May be taken again inside the process that holds it. Raises TerminalError that names the run,
    the process and the time if another process holds it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    # A singleton knows that its own process holds it already, whichever thread asks.
    lock = FileLock(path, timeout=0, is_singleton=True, thread_local=False)
    try:
        lock.acquire()
    except Timeout as error:
        raise TerminalError(
            f"another run is in progress ({_describe(path)})",
            where=str(path),
            mend="Wait until it has ended, or stop that process",
        ) from error
    try:
        if lock.lock_counter == 1:
            _note(path, run)
        yield
    finally:
        lock.release()


def _holder(path: Path) -> Path:
    # Not in the lock file itself: a process that only tries to lock it empties it.
    return path.with_name(f"{path.name}.holder.json")


def _note(path: Path, run: str) -> None:
    since = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    draft = path.with_name(f"{path.name}.holder.draft")
    draft.write_text(json.dumps({"run": run, "pid": os.getpid(), "since": since}) + "\n")
    draft.replace(_holder(path))


def _describe(path: Path) -> str:
    try:
        found = json.loads(_holder(path).read_text())
        return f"run {found['run']}, process {found['pid']}, since {found['since']}"
    except (OSError, ValueError, KeyError):
        return "its holder has not written its name yet"
