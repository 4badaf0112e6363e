"""`make bench`: what each phase of a run takes, beside plain DuckDB. Prints one table.

Works in `workspace/bench/<people>/`, with --lean in `<people>_lean/` beside it; the exports stay
there, the rest is made anew by each run. The exports are all there is and one more day.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from datetime import date, timedelta
from functools import partial
from typing import TYPE_CHECKING

from orchestration.dbt_manifest import dbt_command, dbt_environment
from orchestration.workspace import PROJECT, Workspace, dbt_project, workspaces
from tests.bench.measure import Measure, measure
from tests.bench.parts import PARTS, parts, slowest
from tests.bench.table import Line, machine, render, replace_in

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

DOCUMENT = PROJECT / "docs" / "benchmarks.md"
LAST_DAY = date(2025, 12, 31)  # of the simulated company; what it brings is the increment
LATER = date(2028, 12, 31)  # three years without a signal
_SLOWEST = 12
MEMORY = "UNIFIED_FUNNEL_MEMORY"  # the one setting of the caller that is measured, too


def main(arguments: list[str] | None = None) -> None:
    """Measure, print the table, and put it into docs/benchmarks.md if asked to."""
    parser = argparse.ArgumentParser(prog="tests.bench", description=__doc__)
    parser.add_argument("--people", type=int, default=100_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument(
        "--lean", action="store_true", help="no machines' mail: 11 signals a person"
    )
    parser.add_argument("--write", action="store_true", help="into docs/benchmarks.md")
    options = parser.parse_args(arguments)
    lean = ["--lean"] if options.lean else []
    workspace = _exports(options.people, lean)
    small = _exports(options.people // 10, lean)
    lines = [
        *_phases(workspace, lean, options.runs),
        *_beside(workspace, small, options.runs),
        *_later(small, lean, options.runs),
    ]
    lines += _drawn(workspace, options.runs)
    signals = _signals(workspace)
    _tell_slowest(workspace)
    # Last: it adds to the warehouse that the lines before are about.
    lines += [*_next_day(workspace, lean, options.runs), _small_run(options.runs)]
    text = render(lines, f"{options.people:,} people, {signals:,} signals")
    sys.stdout.write(f"\n{machine()}\n\n{text}\n")
    if options.write:
        replace_in(DOCUMENT, " ".join((str(options.people), *lean)), f"{machine()}\n\n{text}")


def _exports(people: int, lean: list[str]) -> Workspace:
    """The simulated company at usual mess; what its systems purge was archived."""
    name = f"{people}_lean" if lean else str(people)
    folder = workspaces() / "bench" / name
    if not (folder / "exports").is_dir():
        # In a process of its own: what this one holds is the least that a child is said to hold.
        company = [sys.executable, "-m", "ingestion.sandbox", str(folder)]
        first_day = LAST_DAY - timedelta(days=1)
        options = ["--people", str(people), "--archived", "--name", "bench"]
        days = ["--last-day", str(LAST_DAY), "--daily-from", str(first_day)]
        measure([*company, *options, *days], os.environ, PROJECT)
    return _workspace_in(folder)


def _workspace_in(folder: Path) -> Workspace:
    # As in `phase`, which is not imported here: it would make the measuring process larger.
    first = min((folder / "exports").iterdir(), default=folder / "exports")
    return Workspace(data_set="bench", folder=folder, exports=first)


def _phases(workspace: Workspace, lean: list[str], runs: int) -> list[Line]:
    """Start-up apart, then the phases of a run in their order, each on what the former left."""
    python = [sys.executable, "-m"]
    phase = [*python, "tests.bench.phase"]
    folder = str(workspace.folder)
    parse = dbt_command("--quiet", "parse", "--no-partial-parse")
    before: list[tuple[str, Callable[[], None], list[str]]] = [
        ("start: imports", _nothing, [sys.executable, "-c", "import orchestration.definitions"]),
        ("start: dbt parse", _nothing, parse),
        ("land", partial(_remove, workspace.landing), [*phase, "land", folder, *lean]),
        ("check in", _nothing, [*phase, "check_in", folder]),
    ]
    after: list[tuple[str, Callable[[], None], list[str]]] = [
        ("check out", _nothing, [*phase, "check_out", folder]),
        ("publish", partial(_remove, workspace.published), [*phase, "publish", folder]),
    ]
    return [
        *(Line(name, _repeat(name, runs, *step, workspace)) for name, *step in before),
        *_build("build", [partial(_remove, workspace.warehouse)] * runs, workspace),
        *(Line(name, _repeat(name, runs, *step, workspace)) for name, *step in after),
    ]


def _build(
    name: str,
    prepares: Sequence[Callable[[], None]],
    workspace: Workspace,
    as_of: date | None = None,
) -> list[Line]:
    """A build after each preparation, and the seconds of its parts."""
    command = [*dbt_command("--quiet", "build"), "--exclude-resource-type=unit_test"]
    environment = _environment(workspace)
    if as_of:
        environment["UNIFIED_FUNNEL_AS_OF"] = as_of.isoformat()
    found, found_parts = [], []
    for prepare in prepares:
        prepare()
        found.append(measure(command, environment, dbt_project()))
        found_parts.append(parts(workspace.dbt_target))
        _tell(name, found[-1])
    return [
        Line(name, found),
        *(Line(f"{name}: {part}", [one[part] for one in found_parts]) for part in PARTS),
    ]


def _next_day(workspace: Workspace, lean: list[str], runs: int) -> list[Line]:
    """The exports of one more day upon the full build, in folders beside it.

    The last run takes the full build's warehouse with it: a second copy may not fit on the disk.
    """
    _, day = sorted((workspace.folder / "exports").iterdir())
    later = Workspace(data_set="bench", folder=workspace.folder / "next_day", exports=day)
    _remove(later.folder)
    land = [sys.executable, "-m", "tests.bench.phase", "land", str(later.folder), str(day), *lean]
    lines = [
        Line(
            "next day: land",
            _repeat("next day: land", runs, partial(_copy_landing, workspace, later), land, later),
        )
    ]
    copies = [partial(shutil.copyfile, workspace.warehouse, later.warehouse)] * (runs - 1)
    move = partial(os.replace, workspace.warehouse, later.warehouse)
    return lines + _build("next day: build", [*copies, move], later)


def _copy_landing(workspace: Workspace, later: Workspace) -> None:
    """Landed files are never written to again: links do."""
    _remove(later.landing)
    shutil.copytree(workspace.landing, later.landing, copy_function=os.link)


def _later(small: Workspace, lean: list[str], runs: int) -> list[Line]:
    """The same signals as of two days: what a build takes more grows with days."""
    land = [sys.executable, "-m", "tests.bench.phase", "land", str(small.folder), *lean]
    _remove(small.landing)
    measure(land, _environment(small), PROJECT)
    anew = [partial(_remove, small.warehouse)] * runs
    return [
        _build("a tenth of it: build", anew, small)[0],
        _build("a tenth of it: build, three years later", anew, small, LATER)[0],
    ]


def _tell_slowest(workspace: Workspace) -> None:
    for model, seconds in slowest(workspace.dbt_target, _SLOWEST):
        sys.stderr.write(f"  {model:<30} {seconds:8.2f} s\n")


def _beside(workspace: Workspace, small: Workspace, runs: int) -> list[Line]:
    """The same work without the pipeline, each behind what it stands beside."""
    rival = [sys.executable, "-m", "tests.bench.rivals"]
    steps = [
        ("one file: land_file", "land_file", workspace),
        ("one file: read_csv to Parquet", "read_csv", workspace),
        ("a tenth of it: land_file", "land_file", small),
        ("funnel by hand, from Parquet", "funnel", workspace),
        ("two suites of the gate", "two_suites", workspace),
        ("two suites as one statement", "gate", workspace),
    ]
    return [
        Line(
            name, _repeat(name, runs, _nothing, [*rival, which, str(where.folder)], where), own=True
        )
        for name, which, where in steps
    ]


def _drawn(workspace: Workspace, runs: int) -> list[Line]:
    """Clocks and hand-offs drawn by the million, on the agreement and calendars of the build."""
    folder = str(workspace.folder)
    steps = [
        ("two million clocks", ["tests.bench.clocks", folder]),
        ("suite of a million hand-offs", ["tests.bench.handoffs", "suite", folder]),
        ("a million hand-offs, one statement", ["tests.bench.handoffs", "statement", folder]),
    ]
    return [
        Line(
            name,
            _repeat(name, runs, _nothing, [sys.executable, "-m", *command], workspace),
            own=True,
        )
        for name, command in steps
    ]


def _small_run(runs: int) -> Line:
    """The sample company through the whole job, in a workspace of its own."""
    folder = workspaces() / "bench" / "sample"
    workspace = Workspace(data_set="bench", folder=folder, exports=folder / "exports")
    command = [sys.executable, "-m", "orchestration.run"]
    environment = {**_environment(workspace), "UNIFIED_FUNNEL_WORKSPACE": str(folder)}
    name = "sample company, whole run"
    found = []
    for run in range(runs + 1):
        for part in ("landing", "published", "warehouse.duckdb"):
            _remove(folder / "sample_company" / part)
        one = measure(command, environment, PROJECT)
        # The first run also writes the exports and parses the project.
        if run:
            found.append(one)
            _tell(name, one)
    return Line(name, found)


def _repeat(
    name: str, runs: int, prepare: Callable[[], None], command: list[str], workspace: Workspace
) -> list[Measure]:
    found = []
    for _ in range(runs):
        prepare()
        folder = dbt_project() if "orchestration.dbt_process" in command else PROJECT
        found.append(measure(command, _environment(workspace), folder))
        _tell(name, found[-1])
    return found


def _environment(workspace: Workspace) -> dict[str, str]:
    settings = dbt_environment(workspace, workspace.dbt_target)
    # What the caller's own runs are set to is not what is measured.
    kept = {
        name: value
        for name, value in settings.items()
        if not name.startswith("UNIFIED_FUNNEL_") or name not in os.environ or name == MEMORY
    }
    return {
        **kept,
        "UNIFIED_FUNNEL_LANDING": str(workspace.landing),
        "UNIFIED_FUNNEL_WAREHOUSE": str(workspace.warehouse),
        "GX_ANALYTICS_ENABLED": "false",
        "DAGSTER_DISABLE_TELEMETRY": "1",
    }


def _signals(workspace: Workspace) -> int:
    count = [sys.executable, "-m", "tests.bench.rivals", "signals", str(workspace.folder)]
    return int(measure(count, _environment(workspace), PROJECT).own_seconds or 0)


def _tell(name: str, one: Measure) -> None:
    peak = (one.peak_bytes or 0) / 1e6
    sys.stderr.write(f"{name:<40} {one.seconds:8.2f} s {peak:8,.0f} MB\n")


def _nothing() -> None:
    """Some phases need nothing removed before them."""


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


if __name__ == "__main__":
    main()
