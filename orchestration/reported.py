"""The report as an asset: made from each publication, and never a reason to undo one."""

from pathlib import Path
from typing import Any

import dagster as dg

from orchestration import progress
from orchestration.failure import told
from orchestration.funnel_run import FunnelRun
from orchestration.published import KEY as PUBLISHED
from orchestration.sources import OWNERS

KEY = dg.AssetKey(["report"])


@dg.asset(
    key=KEY,
    deps=[PUBLISHED],
    group_name="report",
    description="A static site for both teams, of the publication and nothing else: readable"
    " without the internet and without a server.",
    owners=OWNERS,
    kinds={"html"},
    op_tags={"phase": "report"},
)
def report(context: dg.AssetExecutionContext, funnel_run: FunnelRun) -> dg.MaterializeResult[Any]:
    """Make the report of what this run published; one that was built beside is not switched to."""
    from orchestration.report.report import write_report  # noqa: PLC0415  # Altair: half a second

    with told():
        workspace = funnel_run.plan.workspace
        # Of a publication beside there is no link: it is the newest of this run.
        publication = _of_run(workspace.published, context.run.run_id)
        made = write_report(workspace, publication, is_beside=funnel_run.plan.is_beside)
    for page, lacks in made.left_out.items():
        progress.say("report", f"left out {page}: no {', '.join(lacks)}")
    what = f"{made.pages} pages, {made.megabytes:.1f} MB"
    progress.say("report", what, rows=made.rows, seconds=made.seconds)
    return dg.MaterializeResult(
        metadata={
            "path": dg.MetadataValue.path(made.index),
            "dagster/row_count": made.rows,
            "pages": made.pages,
            "megabytes": made.megabytes,
            "seconds": made.seconds,
            "left_out": ", ".join(made.left_out),
        }
    )


def _of_run(published: Path, run_id: str) -> Path:
    return max(published.glob(f"*-{run_id[:8]}"))
