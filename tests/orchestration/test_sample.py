"""The sample: a simulated company that the first run writes, and what its summary says of it."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import duckdb
import pytest

from ingestion.errors import TerminalError
from ingestion.sandbox.written import NOTE, read_written
from orchestration.publication import current_publication
from orchestration.run import run
from orchestration.sample_company import ensure_exports
from orchestration.workspace import read_workspace
from tests.environment import run_environment

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from orchestration.workspace import Workspace


@pytest.fixture
def sample(tmp_path: Path) -> Iterator[Workspace]:
    """The workspace of the sample company, with nothing in it."""
    with run_environment(None, tmp_path):
        yield read_workspace()


def test_what_the_company_wrote_is_what_was_read(sample: Workspace) -> None:
    summary = run(sample)
    (line,) = [one for one in summary if one.startswith("simulated")]
    assert line.startswith("simulated      2,000 people made ")
    assert line.endswith(" of them unusable: all accounted for")
    assert_both_teams_are_told(sample, summary)
    written = read_written(sample.folder)
    assert written is not None
    assert written.set_aside

    # A row more than was delivered, and it does not add up.
    note = sample.folder / NOTE
    changed = json.loads(note.read_text())
    changed["rows"]["salesforce_leads.csv"] += 1
    note.write_text(json.dumps(changed))
    lines = run(sample)
    (line,) = [one for one in lines if one.startswith("simulated")]
    assert line.endswith("DIFFERENT FROM WHAT WAS READ")
    rows = changed["rows"]["salesforce_leads.csv"]
    told = lines[lines.index(line) + 1]
    assert told.startswith(f"  salesforce_leads.csv: {rows:,} rows written and {rows - 1:,} deliv")


def assert_both_teams_are_told(sample: Workspace, summary: list[str]) -> None:
    """SLAs with the last period's figure, and ten hand-offs, in the summary and on the page."""
    publication = current_publication(sample.published)
    assert publication is not None
    report = sample.reports / publication.run
    assert f"report         {report / 'index.html'}" in summary
    page = (report / "handoffs.html").read_text()
    assert "http:" not in page
    assert "https:" not in page
    database = sample.published / "current" / "funnel.duckdb"
    with duckdb.connect(str(database), read_only=True) as marts:
        rows = marts.execute(
            """
            select d.team, d.label, d.target_unit, a.actual, a.n
            from marts.dim_slas as d
            join marts.rpt_sla_attainment as a
                on d.sla = a.sla and d.period = a.period_type and a.segment = 'all'
            where d.is_in_force and a.period_start
                = case d.period when 'month' then date '2025-12-01' else date '2025-10-01' end
            """
        ).fetchall()
        urgent = marts.execute(
            "select handoff_key from marts.rpt_handoffs_at_risk where team = 'sales'"
        ).fetchall()
    assert {team for team, *_ in rows} == {"marketing", "sales"}
    for team, label, unit, actual, n in rows:
        share = f"{100 * actual:.1f}".removesuffix(".0")
        figure = f"{actual:,.0f}" if unit == "count" else f"{share}% of {n}"
        of_team = summary[summary.index(team) :]
        line = next(one for one in of_team if one.startswith(f"  {label} "))
        assert f" {figure} " in line
        shown = f"{actual:,.0f}" if unit == "count" else f"{share} %"
        assert f">{shown}</p>" in page
    start = next(place for place, one in enumerate(summary) if one.startswith("  most urgent"))
    assert start < summary.index("sales")
    of_sales = summary[summary.index("sales") :]
    start = next(place for place, one in enumerate(of_sales) if one.startswith("  most urgent"))
    shown = [one.split()[0] for one in of_sales[start + 2 : start + 12]]
    assert len(set(shown)) == 10
    assert set(shown) <= {key for (key,) in urgent}


def test_exports_of_an_earlier_version_are_refused(sample: Workspace) -> None:
    ensure_exports(sample)
    ensure_exports(sample)  # what is there stays
    (sample.folder / NOTE).unlink()
    with pytest.raises(TerminalError, match="those of an earlier version"):
        ensure_exports(sample)
    shutil.rmtree(sample.folder)
    ensure_exports(sample)
    assert (sample.folder / NOTE).is_file()
