"""The signed agreement as assets: one for each of its tables."""

from collections.abc import Iterator
from time import monotonic
from typing import Any

import dagster as dg

from ingestion.agreement import land_agreement, tables
from ingestion.agreement.tables import SCHEMAS
from orchestration import progress
from orchestration.failure import told
from orchestration.funnel_run import FunnelRun
from orchestration.sources import AGREEMENT, OWNERS

GROUP = "agreement"

SPECS = [
    dg.AssetSpec(
        [GROUP, table],
        deps=[AGREEMENT],
        group_name=GROUP,
        description=f"The agreement's {table.replace('_', ' ')}, every version of them.",
        owners=OWNERS,
        kinds={"python", "parquet"},
        skippable=False,
    )
    for table in SCHEMAS
]


@dg.multi_asset(name="agreement_tables", specs=SPECS, op_tags={"phase": "land"})
def agreement_tables(funnel_run: FunnelRun) -> Iterator[dg.MaterializeResult[Any]]:
    """Check the agreement and land it, unless what is landed says the same."""
    with told():
        plan = funnel_run.plan
        start = monotonic()
        loads = land_agreement(plan.landing, plan.agreement, plan.today)
        found = tables(plan.agreement)
    seconds = monotonic() - start
    rows = sum(table.num_rows for table in found.values())
    news = "landed" if loads else "as landed before"
    progress.say("land", f"{plan.agreement_file.name} ({news})", rows=rows, seconds=seconds)
    for name, table in found.items():
        yield dg.MaterializeResult(
            asset_key=[GROUP, name],
            metadata={
                "dagster/row_count": table.num_rows,
                "file": str(plan.agreement_file),
                "is_new": bool(loads),
                "seconds_all_tables": seconds,
            },
        )
