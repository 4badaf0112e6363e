"""The sensor that tells what somebody should hear of; off until it is switched on."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import dagster as dg

from orchestration.alerts import FailedRun, read_told, tell
from orchestration.webhook import VARIABLE, read_webhook
from orchestration.workspace import read_workspace

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

# Of each tick. Whoever has more failed runs that nobody heard of has the list in the interface.
_RUNS_LOOKED_AT = 100


@dg.sensor(
    name="alerts_sensor",
    minimum_interval_seconds=60,
    description="Tells failed runs, SLA clocks at risk and breached, critical findings and old"
    f" exports to the webhook in {VARIABLE}: once each, and again when it changes.",
)
def alerts_sensor(context: dg.SensorEvaluationContext) -> dg.SkipReason:
    """Tell what is new; it starts no run, so that each tick ends with what it did instead.

    A FunnelError fails the tick: it is tried again at the next one.
    """
    webhook = read_webhook()
    if webhook is None:
        return dg.SkipReason(f"{VARIABLE} is not set: nobody is told anything")
    workspace = read_workspace()
    runs = failed_runs(context.instance, read_told(workspace.alerts))
    number = tell(workspace, webhook, runs)
    return dg.SkipReason(f"told {number}" if number else "nothing new")


def failed_runs(instance: dg.DagsterInstance, told: Collection[str]) -> Iterator[FailedRun]:
    """Return the newest runs that failed; why, only of those that were not told before.

    Why is the steps that failed and the checks that stopped it, by name: an error's own words may
    quote what was delivered.
    """
    records = instance.get_run_records(
        dg.RunsFilter(statuses=[dg.DagsterRunStatus.FAILURE]), limit=_RUNS_LOOKED_AT
    )
    for record in records:
        run = record.dagster_run
        failed = FailedRun(
            run_id=run.run_id,
            job=run.job_name,
            ended_at=datetime.fromtimestamp(record.end_time, UTC) if record.end_time else None,
        )
        if failed.key not in told:
            why = tuple(_why(instance, run.run_id))
            failed = FailedRun(
                run_id=failed.run_id, job=failed.job, ended_at=failed.ended_at, why=why
            )
        yield failed


def _why(instance: dg.DagsterInstance, run_id: str) -> Iterator[str]:
    events = [
        entry.dagster_event
        for kind in (dg.DagsterEventType.STEP_FAILURE, dg.DagsterEventType.ASSET_CHECK_EVALUATION)
        for entry in instance.all_logs(run_id, of_type=kind)
        if entry.dagster_event is not None
    ]
    for event in events:
        if event.is_step_failure:
            yield f"step {event.step_key} failed"
    for event in events:
        if event.event_type != dg.DagsterEventType.ASSET_CHECK_EVALUATION:
            continue
        check = event.asset_check_evaluation_data
        if not check.passed and check.severity == dg.AssetCheckSeverity.ERROR:
            yield f"check {check.check_name} of {check.asset_key.to_user_string()} failed"
