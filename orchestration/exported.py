"""The export of rejected leads as an asset: made from each publication that is switched to."""

from time import monotonic
from typing import Any

import dagster as dg

from orchestration import progress
from orchestration.failure import told
from orchestration.funnel_run import FunnelRun
from orchestration.published import KEY as PUBLISHED
from orchestration.rejected_leads import NAME, export
from orchestration.sources import OWNERS

KEY = dg.AssetKey(["exported", NAME])


@dg.asset(
    key=KEY,
    deps=[PUBLISHED],
    group_name="exported",
    description="What changed of the leads that sales did not accept, for the automation system,"
    " keyed by its own ids: CSV and Parquet.",
    owners=OWNERS,
    kinds={"csv", "parquet"},
    op_tags={"phase": "export"},
)
def exported_rejected_leads(funnel_run: FunnelRun) -> dg.MaterializeResult[Any]:
    """Export from the publication in use; one that was built beside it tells nobody anything."""
    with told():
        workspace = funnel_run.plan.workspace
        if funnel_run.plan.is_beside:
            return dg.MaterializeResult(metadata={"is_beside": True})
        start = monotonic()
        made = export(workspace)
    changes = made.rows["new"] + made.rows["changed"] + made.rows["withdrawn"]
    what = f"rejected leads for {', '.join(made.sources) or 'no system'}"
    progress.say("export", what, rows=changes, seconds=monotonic() - start)
    return dg.MaterializeResult(
        metadata={
            "path": str(workspace.exported / NAME / made.run),
            "sources": ", ".join(made.sources),
            "since": made.former or "the first export",
            "dagster/row_count": changes,
            "rows": dg.MetadataValue.json(made.rows),
        }
    )
