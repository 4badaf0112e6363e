"""What the real job publishes and what it stops, when the next export is not like the last one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import duckdb
import pytest

from orchestration.publication import CURRENT, DATABASE, current_publication
from orchestration.run import main, run
from orchestration.workspace import Workspace, read_workspace
from tests.orchestration.conftest import LEADS, write_exports

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def exports(settings: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of exports and a workspace of this test's own; the first export is published."""
    folder = tmp_path / "exports"
    write_exports(folder)
    monkeypatch.setenv("UNIFIED_FUNNEL_DATA", str(folder))
    monkeypatch.setenv("UNIFIED_FUNNEL_WORKSPACE", str(tmp_path / "workspaces"))
    run(read_workspace())
    return folder


def published(workspace: Workspace, query: str) -> list[tuple[object, ...]]:
    path = workspace.published / CURRENT / DATABASE
    with duckdb.connect(str(path), read_only=True) as connection:
        return connection.sql(query).fetchall()


def leads_of(folder: Path) -> list[str]:
    return (folder / "leads.csv").read_text().splitlines()


def test_g09_unmapped_is_published_with_a_warning(exports: Path) -> None:
    workspace = read_workspace()
    before = published(workspace, "select count(*) from marts.dim_persons")
    write_exports(exports, exported_at="2026-04-02")
    header, first, *others = leads_of(exports)
    parked = first.replace(",A,", ",Parked,")
    assert parked != first
    (exports / "leads.csv").write_text("\n".join([header, parked, *others]) + "\n")
    summary = run(workspace)
    assert summary[-1].startswith("published: ")
    assert "  warning      unmapped_value 1" in summary
    ((severity, detail),) = published(
        workspace,
        "select severity, detail from quality.findings where finding = 'unmapped_value'",
    )
    assert severity == "warning"
    assert "'Parked'" in str(detail)
    assert published(workspace, "select count(*) from marts.dim_persons") == before == [(LEADS,)]
    assert published(
        workspace,
        "select sum(n) from (select current_stage, count(*) as n from marts.fct_passes group by 1)",
    ) == [(LEADS,)]


def test_g62_partial_load_is_not_published(
    exports: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    former = current_publication(read_workspace().published)
    write_exports(exports, exported_at="2026-04-02")
    (exports / "leads.csv").write_text("\n".join(leads_of(exports)[: 1 + LEADS * 8 // 10]) + "\n")
    assert main([]) == 1
    words = capsys.readouterr().err
    assert "the gate stopped what enters: nothing was published" in words
    rule = "a full export has at most 15% fewer live records than the one before"
    assert rule in words
    assert current_publication(read_workspace().published) == former
    # All of them are there, and a fifth is marked deleted.
    write_exports(exports, exported_at="2026-04-02")
    header, *leads = leads_of(exports)
    marked = [f"{lead},{'yes' if n % 5 == 0 else ''}" for n, lead in enumerate(leads)]
    (exports / "leads.csv").write_text("\n".join([f"{header},gone", *marked]) + "\n")
    mapping = exports / "mapping.yml"
    mapping.write_text(
        mapping.read_text().replace(
            "      email: email", "      email: email\n      is_deleted: gone"
        )
    )
    assert main([]) == 1
    assert rule in capsys.readouterr().err
    assert current_publication(read_workspace().published) == former


def test_g62_small_increment_is_published(exports: Path) -> None:
    workspace = read_workspace()
    former = current_publication(workspace.published)
    write_exports(exports, exported_at="2026-04-02")
    mapping = exports / "mapping.yml"
    mapping.write_text(mapping.read_text().replace("load: full", "load: append"))
    (exports / "leads.csv").write_text("\n".join(leads_of(exports)[:4]) + "\n")
    assert run(workspace)[-1].startswith("published: ")
    assert current_publication(workspace.published) != former
    assert published(workspace, "select count(*) from marts.dim_persons") == [(LEADS,)]


@pytest.mark.long
def test_g61_an_older_day_twice_is_equal(exports: Path) -> None:
    workspace = read_workspace()
    paths = [run(workspace, as_of="2026-02-28")[-1].removeprefix("published: ") for _ in range(2)]
    assert paths[0] != paths[1]
    with duckdb.connect() as connection:
        for name, path in zip(("one", "other"), paths, strict=True):
            connection.execute(f"attach '{path}/{DATABASE}' as {name} (read_only)")
        tables = connection.sql(
            "select table_name from duckdb_tables()"
            " where database_name = 'one' and schema_name = 'marts'"
        ).fetchall()
        assert len(tables) > 15
        for (table,) in tables:
            for one, other in (("one", "other"), ("other", "one")):
                assert (
                    connection.sql(
                        f"from {one}.marts.{table} except all from {other}.marts.{table}"
                    ).fetchall()
                    == []
                ), table
