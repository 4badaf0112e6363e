"""The table of a bench, as plain text and in docs/benchmarks.md."""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from tests.bench.measure import Spread

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.bench.measure import Measure

_PACKAGES = (
    "duckdb",
    "dbt-core",
    "dbt-duckdb",
    "dagster",
    "great-expectations",
    "pandas",
    "pyarrow",
)


@dataclass(frozen=True)
class Line:
    """One line of the table: several runs of one thing. `own` shows its work without its start.

    `rows` are those that each run reads; where lines have them, the table shows rows a second.
    """

    name: str
    measures: Sequence[Measure]
    own: bool = False
    rows: int | None = None


def render(lines: Sequence[Line], size: str) -> str:
    """Return the table: median of the runs, and their smallest and largest in brackets."""
    runs = len(lines[0].measures)
    has_rows = any(one.rows is not None for one in lines)
    names = [f"{size}, {runs} run{'s' * (runs > 1)}", "seconds", "CPU seconds", "peak MB"]
    names += ["rows a second"] * has_rows
    rows = [f"| {' | '.join(names)} |", f"|{' --- |' * len(names)}"]
    for line in lines:
        seconds = [
            one.own_seconds if line.own and one.own_seconds is not None else one.seconds
            for one in line.measures
        ]
        cpus = [
            one.own_cpu_seconds if line.own and one.own_cpu_seconds is not None else one.cpu_seconds
            for one in line.measures
        ]
        cpu = [one for one in cpus if one is not None]
        peak = [one.peak_bytes / 1e6 for one in line.measures if one.peak_bytes is not None]
        shown = [line.name, _shown(seconds, 2), _shown(cpu, 1), _shown(peak, 0)]
        if has_rows:
            shown.append(_shown([line.rows / one for one in seconds], 0) if line.rows else "")
        rows.append(f"| {' | '.join(shown)} |")
    return "\n".join(rows)


def machine() -> str:
    """Return what the figures depend on: processor, memory, system, versions."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1024**3
    versions = ", ".join(f"{name} {version(name)}" for name in _PACKAGES)
    return (
        f"{os.cpu_count()} cores ({_processor()}), {memory:.0f} GiB of memory, "
        f"{platform.system()} {platform.release().split('-')[0]}, "
        f"Python {platform.python_version()}, {versions}"
    )


def replace_in(document: Path, which: str, text: str) -> None:
    """Put a table between the marks `<!-- bench <which> -->` and `<!-- end -->` of a document.

    Raises ValueError if it has no such marks.
    """
    start, end = f"<!-- bench {which} -->\n", "<!-- end -->"
    content = document.read_text()
    before, mark, rest = content.partition(start)
    if not mark or end not in rest:
        raise ValueError(f"{document.name} has no marks for a bench of {which}")
    document.write_text(f"{before}{start}\n{text}\n\n{end}{rest.partition(end)[2]}")


def _shown(values: Sequence[float], digits: int) -> str:
    if not values:
        return ""
    spread = Spread.of(values)
    if len(values) == 1:
        return f"{spread.median:,.{digits}f}"
    middle, low, high = (
        f"{one:,.{digits}f}" for one in (spread.median, spread.lowest, spread.highest)
    )
    return f"{middle} ({low} to {high})"


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()
