"""The gate as asset checks: what enters before the models, what leaves before publication."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from typing import Any

import dagster as dg
import duckdb
import pandas as pd

from expectations.data_docs import Boundary, Occasion, write_data_docs
from expectations.handoffs import KEY, handoff_suite
from expectations.handoffs import TABLE as HANDOFFS
from expectations.marts import GUARDED, marts_suites
from expectations.raw_files import LoadFormats, raw_suite
from expectations.suite import Suite
from expectations.validation import Verdict, findings, validate
from ingestion.files.entities import ENTITIES
from ingestion.landing import Landing, iso_utc
from orchestration import progress
from orchestration.failure import told
from orchestration.funnel_run import FunnelRun, Plan
from orchestration.landed import open_landing

# Where Dagster and the summary find the pages that Great Expectations made.
DATA_DOCS = "data_docs"

# Tables of the agreement that the suites are derived from.
_AGREEMENT = (
    "settings", "stages", "exits", "exit_reasons", "criteria", "compound_conditions",
    "required_fields",
)  # fmt: skip


def entry_verdicts(
    landing: Landing, as_of: datetime | None = None, loads_until: datetime | None = None
) -> Iterator[Verdict]:
    """Validate what the landing holds, entity by entity; the warehouse is not looked at.

    `as_of` and `loads_until` are aware and exclusive. Without `as_of` no export is too old.
    """
    with open_landing(landing, as_of, loads_until) as connection:
        agreement = _agreement(connection)
        version = connection.execute("select agreement_version from ops.run_context").fetchone()
        for entity in ENTITIES:
            suite = raw_suite(
                entity,
                agreement,
                version[0] if version else 0,
                _formats(connection, entity),
                is_named=_is_named(connection, entity),
            )
            yield _validate(suite, connection)


def exit_verdicts(warehouse: Path) -> Iterator[Verdict]:
    """Validate the public tables of a warehouse that nobody writes to."""
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        agreement = _agreement(connection)
        for suite in marts_suites(agreement):
            yield _validate(suite, connection)
        yield _validate(handoff_suite(agreement), connection, has_all_rows=True)


def handoff_findings(warehouse: Path) -> Path:
    """Return the Parquet file that the gate leaves beside a warehouse for its publication."""
    return warehouse.with_name(f"{warehouse.name}.handoff_findings.parquet")


def _write_handoff_findings(verdicts: list[Verdict], warehouse: Path) -> None:
    (verdict,) = (one for one in verdicts if one.suite == f"marts__{HANDOFFS}")
    path = handoff_findings(warehouse)
    draft = path.with_suffix(".draft")
    findings(verdict, KEY).to_parquet(draft, index=False)
    draft.replace(path)


def _specs(schema: str, tables: list[str], description: str) -> list[dg.AssetCheckSpec]:
    return [
        dg.AssetCheckSpec(
            f"{schema}__{table}",
            asset=dg.AssetKey([schema, table]),
            blocking=True,
            description=description,
        )
        for table in tables
    ]


@dg.multi_asset_check(
    name="gate_in",
    specs=_specs("raw_files", list(ENTITIES), "What enters fits the agreement and the mapping."),
    op_tags={"phase": "check in"},
)
def gate_in(
    context: dg.AssetCheckExecutionContext, funnel_run: FunnelRun
) -> Iterator[dg.AssetCheckResult]:
    """Look at what landed, before a model is built from it."""
    with told():
        plan = funnel_run.plan
        verdicts = entry_verdicts(plan.landing, plan.as_of, plan.loads_until)
        yield from _results("check in", "what enters", verdicts, plan, context.run.run_id)


@dg.multi_asset_check(
    name="gate_out",
    specs=_specs("marts", [*GUARDED, HANDOFFS], "What leaves fits the agreement and itself."),
    op_tags={"phase": "check out"},
)
def gate_out(
    context: dg.AssetCheckExecutionContext, funnel_run: FunnelRun
) -> Iterator[dg.AssetCheckResult]:
    """Look at the public tables, before they are published."""
    with told():
        plan = funnel_run.plan
        verdicts = list(exit_verdicts(plan.warehouse))
        _write_handoff_findings(verdicts, plan.warehouse)
        yield from _results("check out", "what leaves", verdicts, plan, context.run.run_id)


def _results(
    phase: str, boundary: Boundary, verdicts: Iterable[Verdict], plan: Plan, run_id: str
) -> Iterator[dg.AssetCheckResult]:
    start = monotonic()
    with progress.still(phase, "the suites"):
        found = list(verdicts)
        # Before the first result is told: one that stops the run is what the pages are for.
        occasion = Occasion(
            run_id=run_id,
            as_of=iso_utc(plan.as_of),
            looked_at=iso_utc(datetime.now(UTC), timespec="seconds"),
        )
        docs = write_data_docs(plan.workspace.data_docs, boundary, found, occasion)
    yield from (check_result(one, docs) for one in found)
    rules = sum(one.rules for one in found)
    broken = sum(len(one.failures) for one in found)
    what = f"{len(found)} suites, {rules} rules, {broken} broken"
    progress.say(phase, what, rows=sum(one.rows for one in found), seconds=monotonic() - start)
    if errors := [f"{one.suite}: {error}" for one in found for error in one.errors]:
        # Not bad data: the gate itself did not work, and nothing may pass it.
        raise dg.Failure(
            "the gate could not be evaluated, which says nothing about the data: "
            + "; ".join(errors),
            allow_retries=False,
        )


def check_result(verdict: Verdict, docs: Path) -> dg.AssetCheckResult:
    """Return a verdict as the result of its asset check; `docs` is the page of all suites."""
    schema, table = verdict.suite.split("__")
    return dg.AssetCheckResult(
        asset_key=dg.AssetKey([schema, table]),
        check_name=verdict.suite,
        passed=verdict.is_passed,
        severity=dg.AssetCheckSeverity.ERROR if verdict.is_blocking else dg.AssetCheckSeverity.WARN,
        description="; ".join([*(one.text for one in verdict.failures), *verdict.errors]) or None,
        metadata={
            "rules": verdict.rules,
            "rows": verdict.rows,
            "failures": dg.MetadataValue.json([_described(one) for one in verdict.failures]),
            "errors": dg.MetadataValue.json(list(verdict.errors)),
            "page": dg.MetadataValue.path(docs.with_name(f"{verdict.suite}.html")),
            DATA_DOCS: dg.MetadataValue.path(docs),
        },
    )


def _described(failure: Any) -> dict[str, Any]:
    return {
        "rule": failure.description,
        "severity": failure.severity,
        "rows": failure.count,
        "keys": list(failure.keys),
        "observed": failure.observed,
    }


def _agreement(connection: duckdb.DuckDBPyConnection) -> dict[str, pd.DataFrame]:
    return {
        table: connection.execute(f"select * from agreement.{table}").df() for table in _AGREEMENT
    }


def _formats(connection: duckdb.DuckDBPyConnection, entity: str) -> list[LoadFormats]:
    rows = connection.execute(
        "select load_id, formats from ops.loads where entity = ? and (is_newest or kind <> 'full')",
        [entity],
    ).fetchall()
    return [LoadFormats(load_id, formats or {}) for load_id, formats in rows]


def _is_named(connection: duckdb.DuckDBPyConnection, entity: str) -> bool:
    query = "select count(*) > 0 from mapping.exports where entity = ?"
    found = connection.execute(query, [entity]).fetchone()
    return bool(found and found[0])


def _validate(
    suite: Suite, connection: duckdb.DuckDBPyConnection, *, has_all_rows: bool = False
) -> Verdict:
    return validate(suite, lambda query: connection.execute(query).df(), has_all_rows=has_all_rows)
