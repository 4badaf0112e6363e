"""Erasures as an asset: what one began is carried out by the next run, whoever starts it."""

import shutil
import sqlite3
from collections import Counter
from contextlib import closing
from pathlib import Path
from time import monotonic
from typing import Any

import dagster as dg

from ingestion.erasure import finish_erasure, read_erased_keys, unfinished_erasures
from ingestion.files.rewriting import rewrite_loads
from orchestration import progress
from orchestration.failure import told
from orchestration.funnel_run import FunnelRun, Plan
from orchestration.publication import drop_former
from orchestration.report.shelf import drop as drop_reports
from orchestration.sources import ERASURES, OWNERS
from orchestration.workspace import Workspace

KEY = dg.AssetKey(["erasures", "erased_keys"])

# What dbt and Dagster write down of a run may quote a row.
_RUN_FILES = ("run.log*", "storage/*")


@dg.asset(
    key=KEY,
    deps=[ERASURES],
    group_name="erasures",
    description="One row per key by which something erased is known again. Takes out of the landing"
    " and of all that was built from it what an erasure has not yet taken out.",
    owners=OWNERS,
    kinds={"python", "parquet"},
    op_tags={"phase": "land"},
)
def erased_keys(
    context: dg.AssetExecutionContext, funnel_run: FunnelRun
) -> dg.MaterializeResult[Any]:
    """Carry out what was asked for and not finished; nothing to do in most runs."""
    with told():
        plan = funnel_run.plan
        unfinished = unfinished_erasures(plan.landing)
        rewritten = 0
        if unfinished:
            rewritten = take_out(plan)
            forget_runs(context.instance, plan.workspace, but=context.run.run_id)
            plan.taken_out = tuple(unfinished)
        rows = sum(one.rows_landed for one in plan.landing.loads(KEY.path[0]))
    return dg.MaterializeResult(
        metadata={
            "dagster/row_count": rows,
            "erasures_carried_out": len(unfinished),
            "loads_rewritten": rewritten,
        }
    )


def take_out(plan: Plan) -> int:
    """Take what was erased out of the landing and drop all that was built from it.

    Returns the number of loads that were rewritten. May be called again after a crash. Publications
    stay until the next one replaces them.
    """
    erased = read_erased_keys(plan.landing)
    if erased is None:
        return 0
    start = monotonic()
    with progress.still("erase", "rewriting loads"):
        written = rewrite_loads(plan.landing, plan.mapping, erased)
    counts = Counter(one.object for one in written)
    for entity, loads in sorted(counts.items()):
        progress.say("erase", f"rewrote {loads} load{'' if loads == 1 else 's'} of {entity}")
    dropped = drop_built(plan.workspace)
    names = ", ".join(dropped) or "nothing was built"
    progress.say("erase", f"dropped {names}", seconds=monotonic() - start)
    return len(written)


def drop_built(workspace: Workspace) -> list[str]:
    """Remove what was built from the landing, publications apart; return the names of what was."""
    dropped = []
    for path in (
        # The pipeline's, the analyst's, and what DuckDB and the gate keep beside them.
        *sorted(workspace.folder.glob("*.duckdb*")),
        workspace.beside,
        workspace.folder / "what_if",
        workspace.folder / "diff",
        workspace.data_docs,
        workspace.dbt_target,
        # As the systems gave it, also whom it is about.
        workspace.downloads,
        # They hold keys, which are addresses where a system's ids are.
        workspace.exported,
        workspace.alerts,
        workspace.reports,
    ):
        if path.is_dir():
            shutil.rmtree(path)
        elif path.exists():
            path.unlink()
        else:
            continue
        dropped.append(path.name)
    return dropped


def forget_runs(instance: dg.DagsterInstance, workspace: Workspace, *, but: str) -> None:
    """Remove what Dagster keeps of the runs before this one: it may quote rows.

    Schedules stay as they are switched.
    """
    for run in instance.get_runs():
        if run.run_id != but:
            instance.delete_run(run.run_id)
    for pattern in _RUN_FILES:
        for path in workspace.dagster_home.glob(pattern):
            if path.is_dir() and path.name != but:
                shutil.rmtree(path)
            elif path.is_file():
                # Emptied and not removed: this run's log has it open.
                path.write_bytes(b"")
    for path in workspace.dagster_home.rglob("*.db"):
        _vacuum(path)


def end(plan: Plan, run: str) -> None:
    """End what this run took out of the landing: drop the publications before its own."""
    if not plan.taken_out:
        return
    dropped = drop_former(plan.workspace.published, run)
    # Somebody may have made a report of a former publication since the landing was rewritten.
    drop_reports(plan.workspace.reports)
    progress.say("erase", f"dropped {dropped} former publication{'' if dropped == 1 else 's'}")
    for load_id in plan.taken_out:
        finish_erasure(plan.landing, load_id)


def _vacuum(path: Path) -> None:
    """Give back the pages of deleted rows, which still hold what was in them."""
    try:
        with closing(sqlite3.connect(path, timeout=10)) as connection:
            connection.execute("vacuum")
    except sqlite3.Error:
        # In use: the check at the end of an erasure tells what is left.
        progress.say("erase", f"{path.name} is in use: stop `make ui` and erase again")
