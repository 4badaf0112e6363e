"""Everything that Dagster loads. Needs no secret, no landing and no warehouse."""

from __future__ import annotations

import json
from typing import Any

import dagster as dg

from orchestration import closings
from orchestration.agreement import agreement_tables
from orchestration.alerts_sensor import alerts_sensor
from orchestration.dbt_manifest import ensure_manifest
from orchestration.erasures import erased_keys
from orchestration.exported import exported_rejected_leads
from orchestration.funnel_run import FunnelRun
from orchestration.gate import gate_in, gate_out
from orchestration.job import funnel_daily_schedule, funnel_job
from orchestration.mapping import mapping_tables
from orchestration.models import model_assets, ops_specs
from orchestration.published import published_asset
from orchestration.raw_files import raw_files
from orchestration.reported import report
from orchestration.review import review_actions
from orchestration.run_log import run_log
from orchestration.sources import source_specs

# What leaves: the public tables and what a reader needs to judge them.
PUBLISHED = {"marts", "quality"}


@dg.definitions
def definitions() -> dg.Definitions:
    """Return the assets, checks, job, schedule and sensor of the funnel."""
    return build_definitions(json.loads(ensure_manifest().read_bytes()))


def build_definitions(manifest: dict[str, Any]) -> dg.Definitions:
    """Return the definitions over the models of a dbt manifest."""
    models = model_assets(manifest)
    leaving = [key for key in models.keys if key.path[0] in PUBLISHED]
    return dg.Definitions(
        assets=[
            *source_specs(),
            *ops_specs(manifest),
            closings.SPEC,
            agreement_tables,
            mapping_tables,
            review_actions,
            erased_keys,
            raw_files,
            models,
            published_asset(leaving),
            exported_rejected_leads,
            report,
        ],
        asset_checks=[gate_in, gate_out],
        jobs=[funnel_job],
        schedules=[funnel_daily_schedule],
        sensors=[alerts_sensor],
        resources={"funnel_run": FunnelRun()},
        loggers={"file": run_log},
        executor=dg.in_process_executor,
    )
