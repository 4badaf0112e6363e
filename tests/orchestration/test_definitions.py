"""What Dagster loads: without a landing, a warehouse or a secret, and whole from end to end."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from expectations.handoffs import TABLE as HANDOFFS
from expectations.marts import GUARDED
from ingestion.agreement.tables import SCHEMAS
from ingestion.files.entities import ENTITIES
from orchestration.definitions import definitions
from orchestration.models import Translator
from orchestration.workspace import PROJECT

if TYPE_CHECKING:
    from dagster import AssetKey
    from dagster._core.definitions.assets.graph.asset_graph import AssetGraph

SNAPSHOT = Path(__file__).with_name("asset_keys.txt")


@pytest.fixture(scope="module")
def graph(settings: Path) -> AssetGraph:
    return definitions().get_repository_def().asset_graph


def _upstream(graph: AssetGraph, key: AssetKey) -> set[AssetKey]:
    found: set[AssetKey] = set()
    waiting = [key]
    while waiting:
        parents = graph.get(waiting.pop()).parent_keys - found
        found |= parents
        waiting.extend(parents)
    return found


def test_it_loads_from_nothing(tmp_path: Path) -> None:
    """In a process of its own, with an empty home folder and nothing set."""
    (tmp_path / "home").mkdir()
    workspace = tmp_path / "workspace"
    code = "from orchestration.definitions import definitions; definitions()"
    environment = {
        "HOME": str(tmp_path / "home"),
        "PATH": "/usr/bin:/bin",
        "UNIFIED_FUNNEL_WORKSPACE": str(workspace),
    }
    subprocess.run([sys.executable, "-c", code], cwd=PROJECT, env=environment, check=True)
    assert list((tmp_path / "home").iterdir()) == []
    # The manifest of the dbt project, and nothing else.
    assert [path.name for path in workspace.iterdir()] == [".dbt"]


def test_every_asset_key(graph: AssetGraph) -> None:
    """A rename breaks whoever counts on the old name: it has to show."""
    keys = sorted(key.to_user_string() for key in graph.get_all_asset_keys())
    assert keys == SNAPSHOT.read_text().splitlines(), f"if that is meant, renew {SNAPSHOT}"


def test_the_way_of_the_data_has_no_break(graph: AssetGraph) -> None:
    (published,) = (key for key in graph.get_all_asset_keys() if key.path[0] == "published")
    upstream = _upstream(graph, published)
    roots = {key.to_user_string() for key in upstream if not graph.get(key).parent_keys}
    # What earlier runs froze comes from the other end of the way.
    assert roots == {
        "closings/scorecards", "source/agreement", "source/erasures", "source/exports",
        "source/review_actions", "source/systems",
    }  # fmt: skip
    for begin in ("agreement", "mapping", "raw_files", "staging", "intermediate", "marts"):
        assert any(key.path[0] == begin for key in upstream), begin
    public = {key for key in graph.get_all_asset_keys() if key.path[0] == "marts"}
    assert public <= upstream


def test_what_is_landed_is_what_dbt_reads(graph: AssetGraph) -> None:
    made = {key.to_user_string() for key in graph.materializable_asset_keys}
    assert {f"raw_files/{entity}" for entity in ENTITIES} <= made
    assert {f"agreement/{table}" for table in SCHEMAS} <= made
    # What is not made here is a source of others, written by dbt as it starts, or added to by the
    # publication.
    others = {key.path[0] for key in graph.get_all_asset_keys() - graph.materializable_asset_keys}
    assert others == {"source", "ops", "closings"}


def test_every_asset_says_what_it_is(graph: AssetGraph) -> None:
    nodes = [graph.get(key) for key in graph.get_all_asset_keys()]
    silent = [
        node.key.to_user_string()
        for node in nodes
        if not (node.description and node.owners and node.kinds and node.group_name != "default")
    ]
    assert silent == []


def test_the_gates(graph: AssetGraph) -> None:
    gates = {
        key.name for key in graph.asset_check_keys if key.name == "__".join(key.asset_key.path)
    }
    assert gates == {
        *(f"raw_files__{entity}" for entity in ENTITIES),
        *(f"marts__{table}" for table in (*GUARDED, HANDOFFS)),
    }
    for key in graph.asset_check_keys:
        if key.name in gates:
            assert graph.get_check_spec(key).blocking


def test_source_tests_are_no_checks() -> None:
    """With them, marts are rebuilt from bad data beside the failing check (trap 5)."""
    assert Translator().settings.enable_source_tests_as_checks is False


def test_the_job_its_schedule_and_the_sensor() -> None:
    repository = definitions().get_repository_def()
    (schedule,) = repository.schedule_defs
    assert (schedule.name, schedule.job_name) == ("funnel_daily_schedule", "funnel_job")
    (sensor,) = repository.sensor_defs
    # It tells where somebody said, once somebody has switched it on.
    assert (sensor.name, sensor.default_status.value) == ("alerts_sensor", "STOPPED")
    job = repository.get_job("funnel_job")
    steps = {node.name for node in job.nodes}
    assert {"agreement_tables", "raw_files", "gate_in", "models", "gate_out"} <= steps
    assert job.executor_def.name == "in_process"
