"""`make bench-report`: what the report of a large publication takes. Prints seconds, size, memory.

The publication is the one that the workspace serves (call `make run` before), with every fact of a
person so many times under keys of its own; reports are as they are, since they do not grow with the
persons. Works in `workspace/bench/report/<people>/`, which stays.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from pathlib import Path
from time import monotonic

import duckdb

from orchestration.publication import CURRENT, DATABASE, MANIFEST
from orchestration.report.shelf import put
from orchestration.report.site import make_site
from orchestration.workspace import PROJECT, read_workspace, workspaces
from tests.bench.measure import measure
from tests.bench.table import machine

# Tables that grow with the persons, and those of their columns that are keys.
_GROWING = (
    "marts.dim_persons", "marts.dim_person_records", "marts.dim_person_aliases",
    "marts.dim_accounts", "marts.fct_passes", "marts.fct_pass_stages",
    "marts.fct_stage_transitions", "marts.fct_opportunities", "marts.fct_opportunity_states",
    "marts.fct_handoffs", "marts.fct_sla_clocks", "marts.rpt_handoffs_at_risk",
    "marts.rpt_rejected_leads", "marts.rpt_customers", "quality.findings",
    "quality.handoff_findings",
)  # fmt: skip
_KEYS = frozenset(
    {
        "account_key", "alias_key", "clock_key", "customer_key", "first_opportunity_key",
        "handoff_key", "next_handoff_key", "opportunity_key", "pass_key", "person_key",
        "record_key",
    }
)  # fmt: skip


def main(arguments: list[str] | None = None) -> None:
    """Make the large publication if it is not there, and measure its report in a process."""
    parser = argparse.ArgumentParser(prog="tests.bench.report", description=__doc__)
    parser.add_argument("--people", type=int, default=1_000_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--made", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.made:
        _make(options.made)
        return
    folder = workspaces() / "bench" / "report" / str(options.people)
    if not (folder / MANIFEST).is_file():
        _grow(read_workspace().published / CURRENT, folder, options.people)
    command = [sys.executable, "-m", "tests.bench.report", "--made", str(folder)]
    sys.stdout.write(f"{machine()}\n")
    for _ in range(options.runs):
        found = measure(command, os.environ, PROJECT)
        size = sum(path.stat().st_size for path in (folder / "reports" / CURRENT).iterdir())
        sys.stdout.write(
            f"{options.people:,} people: {found.own_seconds or 0:.1f} s"
            f" ({found.seconds:.1f} s with start, {found.cpu_seconds or 0:.1f} s of CPU),"
            f" {size / 1e6:.1f} MB in all,"
            f" {(found.peak_bytes or 0) / 1e6:,.0f} MB of memory\n"
        )


def _make(folder: Path) -> None:
    start = monotonic()
    site = make_site(folder)
    put(folder / "reports", site.run, site.files)
    sys.stdout.write(f"{monotonic() - start:.1f}\n")


def _grow(publication: Path, folder: Path, people: int) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    database = folder / DATABASE
    shutil.copy((publication / DATABASE).resolve(), database)
    database.chmod(0o644)
    with duckdb.connect(str(database)) as connection:
        persons = connection.execute("select count(*) from marts.dim_persons").fetchone() or (1,)
        times = -(-people // persons[0])
        for table in _GROWING:
            columns = [row[0] for row in connection.execute(f"describe {table}").fetchall()]
            keys = ", ".join(f"{one} || '~' || c.copy as {one}" for one in columns if one in _KEYS)
            connection.execute(
                f"create or replace table {table} as select t.* replace ({keys}) from {table} as t"
                f" cross join range({times}) as c (copy)"
            )
    shutil.copy((publication / MANIFEST).resolve(), folder / MANIFEST)


if __name__ == "__main__":
    main()
