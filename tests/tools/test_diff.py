"""`make diff` holds what the project makes now against what was published."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from orchestration.diff import describe, diff
from orchestration.grain import grains

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable
    from pathlib import Path

    from orchestration.workspace import Workspace

    Make = Callable[..., subprocess.CompletedProcess[str]]

OWNERS = "dbt_project/models/marts/dim_owners.sql"


@pytest.fixture(scope="module")
def project(copy_project: Callable[[], Path]) -> Path:
    return copy_project()


def test_an_unchanged_project_builds_nothing(workspace: Workspace) -> None:
    found = diff(workspace)
    assert found == []
    assert describe(found)[-1] == "no differences"


def test_an_unchanged_model_gives_the_published_rows(workspace: Workspace) -> None:
    found = diff(workspace, ["int_person_signals"])
    assert {"marts.fct_passes", "marts.rpt_funnel_velocity"} <= {one.table for one in found}
    assert all(one.is_equal for one in found), "\n".join(describe(found))
    assert describe(found)[-1] == "no differences"


def test_a_changed_model_is_found_and_told_by_key_and_column(
    project: Path, workspace: Workspace, make: Make
) -> None:
    path = project / OWNERS
    before = path.read_text()
    path.write_text(before.replace(" team,", " upper(team) as team,") + "where name <> 'Ute'\n")
    ran = make(project, "diff")
    path.write_text(before)
    lines = ran.stdout.splitlines()
    assert [one for one in lines if not one.endswith(" rows, equal")] == [
        "marts.dim_owners: 2 rows before, 1 after; 1 only before, 0 only after, 1 changed",
        "  differing columns, with rows: team (1)",
        "  changed owner_key salesforce/main/U1: team Sales → SALES",
        "  only before owner_key salesforce/main/U2",
        "quality.layer_counts: 36 rows before, 36 after; 0 only before, 0 only after, 1 changed",
        "  differing columns, with rows: found (1)",
        "  changed layer dim_owners: found 2 → 1",
        "differences in 2 of 16 tables",
    ]
    assert "Error 1" in ran.stderr
    assert not (workspace.folder / "diff" / "state" / "run_results.json").exists()


def test_a_model_that_fails_is_told_in_the_words_of_dbt(project: Path, make: Make) -> None:
    path = project / OWNERS
    before = path.read_text()
    path.write_text(before.replace(" team,", " no_such_column as team,"))
    ran = make(project, "diff", "MODEL=dim_owners")
    path.write_text(before)
    assert ran.stdout == ""
    assert "no_such_column" in ran.stderr
    assert "Error 2" in ran.stderr


def test_each_public_table_says_its_grain(workspace: Workspace) -> None:
    manifest = json.loads((workspace.dbt_target / "manifest.json").read_text())
    known = grains(manifest)
    marts = {
        f"marts.{node['alias']}"
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model" and node["schema"] == "marts"
    }
    assert marts <= known.keys()
    assert known["marts.dim_persons"] == ("person_key",)
    assert known["marts.fct_pass_stages"] == ("pass_key", "stage")
