"""Where everything lies, by environment."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ingestion.errors import TerminalError
from orchestration.workspace import PROJECT, read_workspace

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("WORKSPACE", "DATA", "MAPPING", "AGREEMENT"):
        monkeypatch.delenv(f"UNIFIED_FUNNEL_{name}", raising=False)


def test_the_sample_company_is_the_default() -> None:
    workspace = read_workspace()
    assert (workspace.data_set, workspace.is_sample) == ("sample_company", True)
    assert workspace.folder == PROJECT / "workspace" / "sample_company"
    assert (PROJECT / "dbt_project" / "dbt_project.yml").is_file()


def test_an_empty_variable_is_none_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UNIFIED_FUNNEL_DATA", "")
    assert read_workspace().is_sample


def test_everything_lies_in_the_workspace(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("UNIFIED_FUNNEL_WORKSPACE", str(tmp_path))
    workspace = read_workspace()
    inside = tmp_path / "sample_company"
    for path in (
        workspace.exports,
        workspace.landing,
        workspace.warehouse,
        workspace.beside,
        workspace.published,
        workspace.data_docs,
        workspace.lock,
        workspace.dagster_home,
        workspace.dbt_target,
    ):
        assert path.parent == inside


def test_a_folder_that_is_not_there_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("UNIFIED_FUNNEL_DATA", str(tmp_path / "nowhere"))
    with pytest.raises(TerminalError, match="there is no such folder") as refused:
        read_workspace()
    assert str(tmp_path / "nowhere") in str(refused.value)
