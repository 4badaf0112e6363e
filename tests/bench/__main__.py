"""`make bench`: what each phase of a run takes, beside plain DuckDB. Prints one table.

Works in `workspace/bench/<people>/`; the exports stay there, the rest is made anew by each run.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from functools import partial
from typing import TYPE_CHECKING

from orchestration.dbt_manifest import dbt_command, dbt_environment
from orchestration.workspace import PROJECT, Workspace, dbt_project, workspaces
from tests.bench.measure import Measure, measure
from tests.bench.table import Line, machine, render, replace_in

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

DOCUMENT = PROJECT / "docs" / "benchmarks.md"


def main(arguments: list[str] | None = None) -> None:
    """Measure, print the table, and put it into docs/benchmarks.md if asked to."""
    parser = argparse.ArgumentParser(prog="tests.bench", description=__doc__)
    parser.add_argument("--people", type=int, default=100_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--write", action="store_true", help="into docs/benchmarks.md")
    options = parser.parse_args(arguments)
    workspace = _exports(options.people)
    small = _exports(options.people // 10)
    lines = [*_phases(workspace, options.runs), *_beside(workspace, small, options.runs)]
    lines.append(_small_run(options.runs))
    text = render(lines, options.people, _signals(workspace))
    sys.stdout.write(f"\n{machine()}\n\n{text}\n")
    if options.write:
        replace_in(DOCUMENT, options.people, f"{machine()}\n\n{text}")


def _exports(people: int) -> Workspace:
    """The simulated company at usual mess; what its systems purge was archived."""
    workspace = _workspace_in(workspaces() / "bench" / str(people))
    if not workspace.exports.is_dir():
        # In a process of its own: what this one holds is the least that a child is said to hold.
        company = [sys.executable, "-m", "ingestion.sandbox", str(workspace.folder)]
        options = ["--people", str(people), "--archived", "--name", "bench"]
        measure([*company, *options], os.environ, PROJECT)
    return workspace


def _workspace_in(folder: Path) -> Workspace:
    # As in `phase`, which is not imported here: it would make the measuring process larger.
    return Workspace(data_set="bench", folder=folder, exports=folder / "exports")


def _phases(workspace: Workspace, runs: int) -> list[Line]:
    """Start-up apart, then the phases of a run in their order, each on what the former left."""
    python = [sys.executable, "-m"]
    phase = [*python, "tests.bench.phase"]
    folder = str(workspace.folder)
    build = [*dbt_command("--quiet", "build"), "--exclude-resource-type=unit_test"]
    parse = dbt_command("--quiet", "parse", "--no-partial-parse")
    steps: list[tuple[str, Callable[[], None], list[str]]] = [
        ("start: imports", _nothing, [sys.executable, "-c", "import orchestration.definitions"]),
        ("start: dbt parse", _nothing, parse),
        ("land", partial(_remove, workspace.landing), [*phase, "land", folder]),
        ("check in", _nothing, [*phase, "check_in", folder]),
        ("build", partial(_remove, workspace.warehouse), build),
        ("check out", _nothing, [*phase, "check_out", folder]),
        ("publish", partial(_remove, workspace.published), [*phase, "publish", folder]),
    ]
    return [
        Line(name, _repeat(name, runs, prepare, command, workspace))
        for name, prepare, command in steps
    ]


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


def _small_run(runs: int) -> Line:
    """The sample company through the whole job, in a workspace of its own."""
    folder = workspaces() / "bench" / "sample"
    workspace = _workspace_in(folder)
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
        folder = dbt_project() if "dbt.cli.main" in command else PROJECT
        found.append(measure(command, _environment(workspace), folder))
        _tell(name, found[-1])
    return found


def _environment(workspace: Workspace) -> dict[str, str]:
    settings = dbt_environment(workspace, workspace.dbt_target)
    # What the caller's own runs are set to is not what is measured.
    kept = {
        name: value
        for name, value in settings.items()
        if not name.startswith("UNIFIED_FUNNEL_") or name not in os.environ
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
    sys.stderr.write(f"{name:<32} {one.seconds:8.2f} s {one.peak_bytes / 1e6:8,.0f} MB\n")


def _nothing() -> None:
    """Some phases need nothing removed before them."""


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


if __name__ == "__main__":
    main()
