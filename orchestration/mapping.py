"""What the mapping says, as assets: one for each of its tables."""

from collections.abc import Iterator
from time import monotonic
from typing import Any

import dagster as dg

from ingestion.files import land_mapping
from orchestration import progress
from orchestration.failure import told
from orchestration.funnel_run import FunnelRun
from orchestration.sources import EXPORTS, OWNERS

GROUP = "mapping"

DESCRIPTIONS = {
    "data_sets": "The data set: its zones, its as_of, what its outcomes cover.",
    "exports": "One row per file and entity: when it was exported, what it cannot know.",
    "value_maps": "One row per delivered value that stands for a canonical one.",
    "units": "One row per number whose mapping names its unit.",
    "separators": "One row per column whose cells may hold several values.",
}

SPECS = [
    dg.AssetSpec(
        [GROUP, table],
        deps=[EXPORTS],
        group_name=GROUP,
        description=description,
        owners=OWNERS,
        kinds={"python", "parquet"},
    )
    for table, description in DESCRIPTIONS.items()
]


@dg.multi_asset(name="mapping_tables", specs=SPECS, op_tags={"phase": "land"})
def mapping_tables(funnel_run: FunnelRun) -> Iterator[dg.MaterializeResult[Any]]:
    """Land what the mapping says, unless what is landed says the same."""
    with told():
        plan = funnel_run.plan
        start = monotonic()
        loads = land_mapping(plan.landing, plan.mapping)
    counts = {one.object: one.rows_landed for one in loads}
    seconds = monotonic() - start
    progress.say("land", plan.mapping.path.name, rows=sum(counts.values()), seconds=seconds)
    for table, rows in counts.items():
        yield dg.MaterializeResult(
            asset_key=[GROUP, table],
            metadata={
                "dagster/row_count": rows,
                "file": str(plan.mapping.path),
                "seconds_all_tables": seconds,
            },
        )
