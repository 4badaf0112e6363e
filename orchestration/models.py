"""The dbt models as assets: one `dbt build` a run."""

import contextlib
import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from importlib.metadata import version as installed_version
from pathlib import Path
from time import monotonic
from typing import Any

import dagster as dg
import duckdb
from dagster_dbt import DagsterDbtTranslator, DbtCliInvocation, dbt_assets
from dagster_dbt.core.dbt_cli_event import DbtCliEventMessage
from packaging.version import Version

from ingestion.errors import TerminalError
from orchestration import progress
from orchestration.dbt_manifest import dbt_command, dbt_environment
from orchestration.funnel_run import FunnelRun, Plan
from orchestration.workspace import dbt_project

PHASE = {"phase": "build"}

# dbt sources are named after the landing's folders; the mapping's schema says that it is raw.
SOURCE_PREFIXES = {"raw_mapping": "mapping"}

# Written from the manifests when dbt starts: loads, set-aside rows, what the run is about.
OPS = "ops"

# Who is asked about a table that looks wrong, by schema.
OWNERS = ["team:data"]

# A model that takes longer gets a line of its own on the terminal.
_SLOW_SECONDS = 1.0

_ERRORS_SHOWN = 3
_ANSI = re.compile(r"\x1b\[[0-9;]*m")


class Translator(DagsterDbtTranslator):
    """Keys `<schema>/<table>` for models; for sources the landing's own, so that lineage holds."""

    def get_asset_key(self, dbt_resource_props: Mapping[str, Any]) -> dg.AssetKey:
        """Return the asset key of a model or source."""
        if dbt_resource_props["resource_type"] == "source":
            source = dbt_resource_props["source_name"]
            return dg.AssetKey([SOURCE_PREFIXES.get(source, source), dbt_resource_props["name"]])
        return dg.AssetKey([dbt_resource_props["config"]["schema"], dbt_resource_props["name"]])

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str | None:
        """Return the schema: a folder is a schema is a group."""
        group: str | None = dbt_resource_props.get("config", {}).get("schema")
        return group

    def get_description(self, dbt_resource_props: Mapping[str, Any]) -> str:
        """Return what dbt's documentation says, without the SQL."""
        return str(dbt_resource_props.get("description") or "")

    def get_owners(self, dbt_resource_props: Mapping[str, Any]) -> list[str]:
        """Return the owners of a model."""
        return OWNERS


def model_assets(manifest: Mapping[str, Any]) -> dg.AssetsDefinition:
    """Return the asset definition of all models of a dbt manifest, their tests being checks."""

    @dbt_assets(
        manifest=manifest, dagster_dbt_translator=Translator(), name="models", op_tags=PHASE
    )
    def models(context: dg.AssetExecutionContext, funnel_run: FunnelRun) -> Iterator[Any]:
        yield from _build(context, funnel_run.plan, manifest)

    return models


def ops_specs(manifest: Mapping[str, Any]) -> list[dg.AssetSpec]:
    """Return the tables that dbt writes before the first model, from the landing's manifests."""
    sources = list(manifest["sources"].values())
    translator = Translator()
    landed = [translator.get_asset_key(one) for one in sources if one["source_name"] != OPS]
    return [
        dg.AssetSpec(
            translator.get_asset_key(one),
            deps=landed,
            group_name=OPS,
            description=one["description"],
            owners=OWNERS,
            kinds={"duckdb"},
        )
        for one in sources
        if one["source_name"] == OPS
    ]


def _build(
    context: dg.AssetExecutionContext, plan: Plan, manifest: Mapping[str, Any]
) -> Iterator[Any]:
    target_path = plan.workspace.dbt_target
    plan.warehouse.parent.mkdir(parents=True, exist_ok=True)
    target_path.mkdir(parents=True, exist_ok=True)
    translator = Translator()
    # Not DbtCliResource.cli: it calls `dbt --version` and sets up an adapter first, 3 s a run.
    invocation = DbtCliInvocation.run(
        # Unit tests look at made-up rows: they belong to `make test`.
        args=[
            *dbt_command("--log-format", "json", "--log-format-file", "text", "build"),
            "--exclude-resource-type=unit_test",
            *_selected(context),
        ],
        env=dbt_environment(
            plan.workspace,
            target_path,
            warehouse=plan.warehouse,
            as_of=plan.as_of,
            loads_until=plan.loads_until,
        ),
        manifest=manifest,
        dagster_dbt_translator=translator,
        project_dir=dbt_project(),
        target_path=target_path,
        raise_on_error=False,
        context=context,
        adapter=None,
        cli_version=Version(installed_version("dbt-core")),
    )
    outcome = _follow(invocation)
    counts = row_counts(plan.warehouse)
    for event in outcome.results:
        node = manifest["nodes"][_unique_id(event)]
        for one in event.to_default_asset_events(manifest, translator, context, target_path):
            yield _counted(one, counts.get((node["schema"], node["alias"])))
    for (schema, table), rows in counts.items():
        if schema == OPS:
            context.log_event(
                dg.AssetMaterialization([schema, table], metadata={"dagster/row_count": rows})
            )
    if invocation.process.returncode:
        raise TerminalError(
            outcome.problem(), where="dbt build", mend=f"The whole log: {target_path / 'dbt.log'}"
        )
    if not context.is_subset:
        tested = sum(1 for one in outcome.results if _unique_id(one).startswith("test."))
        built = len(outcome.results) - tested
        progress.say("build", f"{built} models, {tested} tests", seconds=outcome.seconds)


@dataclass
class _Outcome:
    results: list[DbtCliEventMessage] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    console: str = ""
    seconds: float = 0.0

    def problem(self) -> str:
        """What dbt says went wrong, its first few messages."""
        found = list(dict.fromkeys(one.strip() for one in self.errors if one.strip()))
        shown = found[:_ERRORS_SHOWN] or [self.console.strip()[-2000:] or "dbt said nothing"]
        if len(found) > len(shown):
            shown.append(f"and {len(found) - len(shown)} more")
        return "\n".join(shown)


def _follow(invocation: DbtCliInvocation) -> _Outcome:
    """Read dbt's events to their end and tell of what takes long."""
    outcome = _Outcome()
    start = monotonic()
    console = io.StringIO()
    # dagster-dbt repeats every line on standard output; dbt's own log has them all.
    with progress.still("build", "the models"), contextlib.redirect_stdout(console):
        for event in invocation.stream_raw_events():
            info, data = event.raw_event["info"], event.raw_event["data"]
            if info["level"] == "error":
                outcome.errors.append(_ANSI.sub("", info["msg"]))
            if event.is_result_event:
                outcome.results.append(event)
                seconds = float(data.get("execution_time") or 0)
                if seconds >= _SLOW_SECONDS:
                    relation = data["node_info"].get("node_relation") or {}
                    name = f"{relation.get('schema', '')}.{data['node_info']['node_name']}"
                    progress.say("build", name.lstrip("."), seconds=seconds)
    outcome.console = console.getvalue()
    outcome.seconds = monotonic() - start
    return outcome


def row_counts(warehouse: Path) -> dict[tuple[str, str], int]:
    """Return the number of rows of every table of a warehouse, by schema and table.

    The warehouse must not be open for writing. Empty if it does not exist.
    """
    if not warehouse.is_file():
        return {}
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        tables = connection.execute(
            "select schema_name, table_name from duckdb_tables() where not internal order by all"
        ).fetchall()
        # One statement: a count of a table only reads its header.
        counts = " union all ".join(
            f'select {position}, count(*) from "{schema}"."{table}"'
            for position, (schema, table) in enumerate(tables)
        )
        found = dict(connection.execute(counts).fetchall()) if tables else {}
    return {key: found[position] for position, key in enumerate(tables)}


def _counted(event: Any, rows: int | None) -> Any:
    if not isinstance(event, dg.Output) or rows is None:
        return event
    metadata: dict[str, Any] = {**event.metadata, "dagster/row_count": rows}
    return dg.Output(None, output_name=event.output_name, metadata=metadata)


def _selected(context: dg.AssetExecutionContext) -> list[str]:
    """Names of the models that are asked for, where it is not all of them."""
    if not context.is_subset:
        return []
    return ["--select", *sorted(key.path[-1] for key in context.selected_asset_keys)]


def _unique_id(event: DbtCliEventMessage) -> str:
    return str(event.raw_event["data"]["node_info"]["unique_id"])
