"""The publication as an asset: the end of the way."""

from collections.abc import Iterable
from time import monotonic
from typing import Any

import dagster as dg

from expectations.data_docs import CURRENT, INDEX
from orchestration import closings, erasures, progress
from orchestration.failure import told
from orchestration.funnel_run import FunnelRun, Plan
from orchestration.gate import handoff_findings
from orchestration.publication import current_publication, differences, publish
from orchestration.sources import OWNERS

KEY = dg.AssetKey(["published", "marts"])


def published_asset(published_tables: Iterable[dg.AssetKey]) -> dg.AssetsDefinition:
    """Return the asset definition of the publication of these tables."""

    @dg.asset(
        key=KEY,
        deps=list(published_tables),
        group_name="published",
        description="What BI reads: one database and Parquet copies of all public tables, switched"
        " in one step once both gates are passed.",
        owners=OWNERS,
        kinds={"duckdb", "parquet"},
        op_tags={"phase": "publish"},
    )
    def published_marts(
        context: dg.AssetExecutionContext, funnel_run: FunnelRun
    ) -> dg.MaterializeResult[Any]:
        with told():
            plan = funnel_run.plan
            start = monotonic()
            before = current_publication(plan.workspace.published)
            if not plan.is_beside:
                _close(context, plan)
            publication = publish(
                plan.warehouse,
                plan.workspace.published,
                context.run.run_id,
                is_beside=plan.is_beside,
                handoff_findings=handoff_findings(plan.warehouse),
            )
            if not plan.is_beside:
                erasures.end(plan, publication.run)
        seconds = monotonic() - start
        rows = sum(one.rows for one in publication.tables.values())
        progress.say("publish", publication.run, rows=rows, seconds=seconds)
        return dg.MaterializeResult(
            metadata={
                "path": str(plan.workspace.published / publication.run),
                "data_docs": dg.MetadataValue.path(plan.workspace.data_docs / CURRENT / INDEX),
                "as_of": publication.as_of,
                "as_of_date": publication.as_of_date,
                "agreement_version": publication.agreement_version,
                "is_beside": publication.is_beside,
                "is_first": before is None,
                "differs_from_last": dg.MetadataValue.json(
                    differences(before.tables, publication.tables) if before else []
                ),
                "seconds": seconds,
                "dagster/row_count": rows,
                "tables": dg.MetadataValue.json(
                    {name: one.rows for name, one in publication.tables.items()}
                ),
            }
        )

    return published_marts


def _close(context: dg.AssetExecutionContext, plan: Plan) -> None:
    frozen = closings.close_periods(plan.warehouse, plan.landing)
    if frozen:
        progress.say("publish", "figures of closed periods are frozen", rows=frozen)
    context.log_event(
        dg.AssetMaterialization(
            closings.KEY,
            metadata={
                "dagster/row_count": closings.frozen_figures(plan.landing),
                "rows_landed": frozen,
            },
        )
    )
