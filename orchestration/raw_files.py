"""What systems deliver, as files or over their APIs, as assets: one for each landed table."""

from collections.abc import Iterator
from dataclasses import asdict
from time import monotonic
from typing import Any

import dagster as dg

from ingestion.files import LandedFile, land_file, unnamed_files
from ingestion.files.entities import ENTITIES
from ingestion.landing import iso_utc
from orchestration import progress
from orchestration.connections import NotRead, read_connections, rows_in_all
from orchestration.erasures import KEY as ERASED_KEYS
from orchestration.failure import told
from orchestration.funnel_run import FunnelRun, Plan
from orchestration.mapping import SPECS as MAPPING_SPECS
from orchestration.sources import EXPORTS, OWNERS, SYSTEMS

GROUP = "raw_files"

SPECS = [
    dg.AssetSpec(
        [GROUP, entity],
        deps=[EXPORTS, SYSTEMS, ERASED_KEYS, *(spec.key for spec in MAPPING_SPECS)],
        group_name=GROUP,
        description=f"One row per delivered row of {entity.replace('_', ' ')}, values as"
        " delivered. Left out: rows that were set aside with their reason.",
        owners=OWNERS,
        kinds={"python", "parquet"},
    )
    for entity in ENTITIES
]


# Whether all that is connected was read: it stops nothing, for old data is the agreement's matter.
READ = "is_read"

CHECKS = [
    dg.AssetCheckSpec(
        READ,
        asset=spec.key,
        description="What is connected and lands here was read to the end, by this run.",
    )
    for spec in SPECS
]


@dg.multi_asset(name="raw_files", specs=SPECS, check_specs=CHECKS, op_tags={"phase": "land"})
def raw_files(
    context: dg.AssetExecutionContext, funnel_run: FunnelRun
) -> Iterator[dg.MaterializeResult[Any]]:
    """Land every export file that is not landed yet, and what is new in connected systems."""
    with told():
        plan = funnel_run.plan
        unnamed = unnamed_files(plan.mapping, plan.workspace.exports)
        files = _land(plan)
        read, not_read = read_connections(plan)
    if unnamed:
        progress.say("land", f"not read: {', '.join(unnamed)}")
    connected = [one for one in plan.mapping.files if plan.mapping.connection_of(one) is not None]
    for entity in ENTITIES:
        landed = [one for one in (*files, *read) if one.entity == entity]
        missed = [one for one in not_read if one.entity == entity]
        yield dg.MaterializeResult(
            asset_key=[GROUP, entity],
            metadata={
                # All that is landed of it, whether by this run or by an earlier one.
                "dagster/row_count": sum(one.landed for one in files if one.entity == entity)
                + rows_in_all(plan, [one for one in connected if one.entity == entity]),
                "rows_delivered": sum(one.delivered for one in landed),
                "rows_landed": sum(one.landed for one in landed),
                "rows_set_aside": sum(one.set_aside for one in landed),
                "seconds": sum(one.seconds for one in landed),
                "files": dg.MetadataValue.json([_described(one) for one in landed]),
                "not_read": dg.MetadataValue.json([_missed(one) for one in missed]),
                "unnamed_files": dg.MetadataValue.json(unnamed),
            },
            check_results=[_read_check(entity, missed)],
        )


def _land(plan: Plan) -> list[LandedFile]:
    landed = []
    for export in plan.mapping.file_exports:
        start = monotonic()
        with progress.still("land", export.file):
            found = land_file(plan.landing, plan.mapping, export, plan.workspace.exports)
        note = "already landed" if found.was_already_landed else f"{found.source} {found.entity}"
        what = f"{found.file} ({note})"
        progress.say("land", what, rows=found.landed, seconds=monotonic() - start)
        landed.append(found)
    return landed


def _read_check(entity: str, missed: list[NotRead]) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        asset_key=dg.AssetKey([GROUP, entity]),
        check_name=READ,
        passed=not missed,
        severity=dg.AssetCheckSeverity.WARN,
        description="; ".join(f"{one.source} {one.object}: {one.age}" for one in missed) or None,
        metadata={
            f"{one.source} {one.object}": f"{one.error}. Meanwhile {one.age}" for one in missed
        },
    )


def _missed(one: NotRead) -> dict[str, Any]:
    return {
        "source": one.source,
        "object": one.object,
        "read_until": one.read_until and iso_utc(one.read_until),
        "age": one.age,
        "error": one.error,
    }


def _described(file: LandedFile) -> dict[str, Any]:
    return {**asdict(file), "seconds": round(file.seconds, 3)}
