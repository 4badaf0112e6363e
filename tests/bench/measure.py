"""A command in a process of its own: seconds, CPU seconds and the memory it held at most."""

from __future__ import annotations

import os
import subprocess
import time
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path


@dataclass(frozen=True)
class Measure:
    """What one process took: seconds on the clock, seconds of CPU, bytes held at the most.

    `own_seconds` is the number that it ends with, the seconds of its work without start and
    imports, and `own_cpu_seconds` the one behind that; None if it says none. `cpu_seconds` and
    `peak_bytes` are None for a part of a process.
    """

    seconds: float
    cpu_seconds: float | None
    peak_bytes: int | None
    own_seconds: float | None = None
    own_cpu_seconds: float | None = None


@dataclass(frozen=True)
class Spread:
    """Several runs of the same: their median between the smallest and the largest."""

    median: float
    lowest: float
    highest: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread:
        """Return the spread of at least one value."""
        return cls(median(values), min(values), max(values))


def measure(command: Sequence[str], environment: Mapping[str, str], folder: Path) -> Measure:
    """Run a command in a folder and return what it took, its own children included.

    Raises RuntimeError with what it said if it fails.
    """
    began = time.monotonic()
    # The command is ours: this interpreter, a module of the project, a folder.
    process = subprocess.Popen(
        command,
        cwd=folder,
        env=dict(environment),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    said = process.stdout.read() if process.stdout else ""
    # `wait4` tells of this process alone, where RUSAGE_CHILDREN would keep the largest so far.
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.monotonic() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{' '.join(command)} fails:\n{said}")
    cpu_seconds = usage.ru_utime + usage.ru_stime
    return Measure(seconds, cpu_seconds, usage.ru_maxrss * 1024, *_own(said))


def _own(said: str) -> list[float]:
    """The seconds that the last line tells, then those of CPU; none if it is no number."""
    try:
        return [float(one) for one in said.strip().splitlines()[-1].split()]
    except (ValueError, IndexError):
        return []
