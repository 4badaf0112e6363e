"""`make bench-ingest`: what it takes to read Salesforce and Marketo, beside dlt and `read_csv`.

Stand-ins in a process of their own serve a simulated company of as many people as make the rows:
all objects of Salesforce, and all activities of Marketo. What they answer was made and compressed
before. Works in `workspace/bench/ingest/<rows>/`. Prints one table.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from orchestration.workspace import PROJECT, workspaces
from tests.bench.ingest.downloads import downloads
from tests.bench.ingest.source import Source
from tests.bench.measure import Measure, measure
from tests.bench.table import Line, machine, render, replace_in

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DOCUMENT = PROJECT / "docs" / "benchmarks.md"
# Of a person: how many records of Salesforce, how many activities of Marketo.
_ROWS = {"salesforce": 6, "marketo": 11}
_WAYS = {
    "connector": "to the landing",
    "fetch": "fetched, not landed",
    "read_csv": "`read_csv` of these bytes to Parquet",
    "arrow": "dlt, Arrow",
    "dicts": "dlt, dicts",
}


def main(arguments: list[str] | None = None) -> None:
    """Measure, print the table, and put it into docs/benchmarks.md if asked to."""
    parser = argparse.ArgumentParser(prog="tests.bench.ingest", description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000, help="of each system")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--write", action="store_true", help="into docs/benchmarks.md")
    options = parser.parse_args(arguments)
    lines = [line for system in _ROWS for line in _lines(system, options.rows, options.runs)]
    text = render(lines, f"{options.rows:,} rows of each system, about")
    sys.stdout.write(f"\n{machine()}\n\n{text}\n")
    if options.write:
        replace_in(DOCUMENT, f"ingest {options.rows}", f"{machine()}\n\n{text}")


def _lines(system: str, rows: int, runs: int) -> list[Line]:
    folder = workspaces() / "bench" / "ingest" / str(rows)
    source, small = Source(system, folder), Source(system, folder / "tenth")
    with _served(small.folder, rows // 10 // _ROWS[system]) as environment:
        _measured(small, "fetch", environment)
        tenth = _line(small, "connector", runs, environment)
    with _served(folder, rows // _ROWS[system]) as environment:
        # What the stand-ins give is made now.
        _measured(source, "fetch", environment)
        lines = [_line(source, way, runs, environment) for way in _WAYS]
    return [lines[0], Line(f"{tenth.name}, a tenth", tenth.measures, True, tenth.rows), *lines[1:]]


def _line(source: Source, way: str, runs: int, environment: dict[str, str]) -> Line:
    rows = sum(one.rows for one in downloads(source))
    measures = [_measured(source, way, environment) for _ in range(runs)]
    return Line(f"{source.system.title()}, {_WAYS[way]}", measures, own=True, rows=rows)


def _measured(source: Source, way: str, environment: dict[str, str]) -> Measure:
    command = [sys.executable, "-m", "tests.bench.ingest.way", way, source.system]
    found = measure([*command, str(source.folder)], environment, PROJECT)
    sys.stderr.write(f"{source.system:<12} {way:<12} {found.own_seconds or 0:8.2f} s\n")
    return found


@contextmanager
def _served(folder: Path, people: int) -> Iterator[dict[str, str]]:
    """Serve a company while the block runs, and give the environment that leads to it."""
    folder.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "tests.bench.ingest.stand_ins", str(folder), str(people)]
    with subprocess.Popen(
        command, cwd=PROJECT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        said = process.stdout.readline() if process.stdout else ""
        try:
            yield {
                **os.environ,
                **json.loads(said),
                "RUNTIME__DLTHUB_TELEMETRY": "false",
                "DLT_DATA_DIR": str(folder / "dlt"),
            }
        finally:
            process.communicate()


if __name__ == "__main__":
    main()
