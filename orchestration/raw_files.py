"""Export files as assets: one for each entity of the registry."""

from collections.abc import Iterator
from time import monotonic
from typing import Any

import dagster as dg

from ingestion.files import LandedFile, land_file, unnamed_files
from ingestion.files.entities import ENTITIES
from orchestration import progress
from orchestration.erasures import KEY as ERASED_KEYS
from orchestration.failure import told
from orchestration.funnel_run import FunnelRun, Plan
from orchestration.mapping import SPECS as MAPPING_SPECS
from orchestration.sources import EXPORTS, OWNERS

GROUP = "raw_files"

SPECS = [
    dg.AssetSpec(
        [GROUP, entity],
        deps=[EXPORTS, ERASED_KEYS, *(spec.key for spec in MAPPING_SPECS)],
        group_name=GROUP,
        description=f"One row per delivered row of {entity.replace('_', ' ')}, values as"
        " delivered. Left out: rows that were set aside with their reason.",
        owners=OWNERS,
        kinds={"python", "parquet"},
    )
    for entity in ENTITIES
]


@dg.multi_asset(name="raw_files", specs=SPECS, op_tags={"phase": "land"})
def raw_files(
    context: dg.AssetExecutionContext, funnel_run: FunnelRun
) -> Iterator[dg.MaterializeResult[Any]]:
    """Land every export file that the mapping names and that is not landed yet."""
    with told():
        plan = funnel_run.plan
        unnamed = unnamed_files(plan.mapping, plan.workspace.exports)
        landed = _land(plan)
    if unnamed:
        progress.say("land", f"no mapping names: {', '.join(unnamed)}")
    for entity in ENTITIES:
        files = [one for one in landed if one.entity == entity]
        yield dg.MaterializeResult(
            asset_key=[GROUP, entity],
            metadata={
                # All that is landed of it, whether by this run or by an earlier one.
                "dagster/row_count": sum(one.landed for one in files),
                "rows_delivered": sum(one.delivered for one in files),
                "rows_landed": sum(one.landed for one in files),
                "rows_set_aside": sum(one.set_aside for one in files),
                "seconds": sum(one.seconds for one in files),
                "files": dg.MetadataValue.json([_described(one) for one in files]),
                "unnamed_files": dg.MetadataValue.json(unnamed),
            },
        )


def _land(plan: Plan) -> list[LandedFile]:
    landed = []
    for export in plan.mapping.files:
        start = monotonic()
        with progress.still("land", export.file):
            found = land_file(plan.landing, plan.mapping, export, plan.workspace.exports)
        note = "already landed" if found.was_already_landed else f"{found.source} {found.entity}"
        what = f"{found.file} ({note})"
        progress.say("land", what, rows=found.landed, seconds=monotonic() - start)
        landed.append(found)
    return landed


def _described(file: LandedFile) -> dict[str, Any]:
    return {
        "file": file.file,
        "entity": file.entity,
        "source": file.source,
        "instance": file.instance,
        "delivered": file.delivered,
        "landed": file.landed,
        "set_aside": file.set_aside,
        "was_already_landed": file.was_already_landed,
        "seconds": round(file.seconds, 3),
    }
