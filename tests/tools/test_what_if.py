"""`make what-if` tries an agreement on all history, and leaves everything else as it is."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import duckdb
import pytest

from ingestion.agreement import AgreementError, read_agreement
from orchestration.what_if import describe, main, what_if
from orchestration.workspace import PROJECT

if TYPE_CHECKING:
    from pathlib import Path

    from orchestration.what_if import WhatIf
    from orchestration.workspace import Workspace

SIGNED = (PROJECT / "agreement.yml").read_text(encoding="utf-8")


def content(workspace: Workspace) -> dict[str, str]:
    """A digest of every file of the workspace but those of what-if."""
    return {
        str(path.relative_to(workspace.folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(workspace.folder.rglob("*"))
        if path.is_file() and "what_if" not in path.relative_to(workspace.folder).parts
    }


def rows(found: WhatIf, table: str, query: str) -> list[tuple[Any, ...]]:
    path = found.folder / f"{table}.parquet"
    return duckdb.sql(query.format(f"'{path}'")).fetchall()


@pytest.fixture(scope="module")
def stricter(workspace: Workspace, tmp_path_factory: pytest.TempPathFactory) -> WhatIf:
    """The last of two versions, of 2027: a score of 72 instead of 60, or two forms in 14 days."""
    version = SIGNED[SIGNED.index("  - version: 1") :]
    later = version.replace("version: 1", "version: 2").replace("2024-01-01 #", "2027-01-01 #")
    path = tmp_path_factory.mktemp("proposals") / "stricter.yml"
    score = "          - score: {at_least: 60}\n"
    assert score in later
    later = later.replace(
        score,
        "          - {activity: [form_fill], count: 2, within_days: 14}\n"
        "          - score: {at_least: 72}\n",
    )
    path.write_text(f"{SIGNED}\n{later}")
    before = content(workspace)
    found = what_if(workspace, path)
    assert content(workspace) == before
    return found


def test_landing_warehouse_and_publications_stay_as_they_are(
    stricter: WhatIf, workspace: Workspace
) -> None:
    assert stricter.folder == workspace.folder / "what_if" / "stricter"
    assert {path.name for path in stricter.folder.iterdir()} >= {
        "landing", "warehouse.duckdb", "comparison.parquet", "persons.parquet", "comparison.md",
    }  # fmt: skip


def test_the_last_version_applies_to_all_time(stricter: WhatIf) -> None:
    # Bea came to 70 and on to 75, Cleo's status says MQL, Ada has 45 and filled in two forms.
    assert rows(
        stricter,
        "persons",
        "select person_key, qualified_on_before::varchar, qualified_on_after::varchar,"
        " is_not_replayable from {} order by all",
    ) == [
        ("salesforce/main/ada", None, "2025-01-08", False),
        ("salesforce/main/bea", "2025-02-01", "2025-02-02", False),
        ("salesforce/main/cleo", "2025-02-10", "2025-02-10", True),
    ]


def test_who_qualifies_is_counted_on_both_sides(stricter: WhatIf) -> None:
    who = "select before, after, in_both, only_before, only_after, not_replayable from {}"
    everything = f"{who} where measure = 'qualified' and period_type = 'all'"
    assert rows(stricter, "comparison", everything) == [(2, 3, 2, 0, 1, 1)]
    february = f"{who} where measure = 'qualified' and period_start = date '2025-02-01'"
    assert rows(stricter, "comparison", february) == [(2, 2, 2, 0, 0, 1)]


def test_each_neighbouring_pair_stands_beside_itself(stricter: WhatIf) -> None:
    pairs = rows(
        stricter,
        "comparison",
        "select from_stage, to_stage, before, after from {} where measure = 'conversion_rate'"
        " and period_type = 'all' and from_stage = 'marketing_qualified'",
    )
    assert pairs == [("marketing_qualified", "sales_accepted", 1.0, pytest.approx(2 / 3))]
    assert rows(
        stricter, "comparison", "select count(distinct from_stage) from {} where to_stage = 'won'"
    ) == [(1,)]


def test_page_and_terminal_tell_the_same(stricter: WhatIf) -> None:
    told = "\n".join(describe(stricter))
    page = (stricter.folder / "comparison.md").read_text()
    for section in stricter.sections:
        assert section.title in told
        assert f"## {section.title}" in page
    assert "after: version 2 of" in told


def test_the_agreement_in_force_changes_nothing(workspace: Workspace) -> None:
    found = what_if(workspace, PROJECT / "agreement.yml")
    assert rows(
        found, "comparison", "select count(*) from {} where before is distinct from after"
    ) == [(0,)]
    assert rows(found, "comparison", "select count(*) > 10 from {}") == [(True,)]


def test_a_wrong_agreement_is_told_as_make_agreement_does(
    workspace: Workspace, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "wrong.yml"
    path.write_text(SIGNED.replace("rank: 20", "rank: 10"))
    with pytest.raises(AgreementError) as error:
        read_agreement(path)
    assert main([str(path)]) == 2
    assert capsys.readouterr().err == f"{error.value}\n"
    assert not (workspace.folder / "what_if" / "wrong").exists()
