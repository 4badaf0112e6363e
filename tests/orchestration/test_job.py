"""The real job, from files to publication, in the order in which things happen to it."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import duckdb
import pytest

from expectations.data_docs import INDEX
from ingestion.closings import read_scorecards
from ingestion.closings.scorecards import SCHEMA as SCORECARDS
from ingestion.errors import TerminalError
from ingestion.landing import Landing
from orchestration.definitions import definitions
from orchestration.instance import open_instance
from orchestration.job import JOB
from orchestration.publication import CURRENT, DATABASE, current_publication
from orchestration.query import query
from orchestration.run import describe_failure, main, run
from orchestration.workspace import PROJECT
from tests.orchestration.conftest import LEADS, OLD, write_exports

if TYPE_CHECKING:
    from pathlib import Path

    from tests.orchestration.conftest import Ran


def _line(summary: list[str], begin: str) -> str:
    return next(line for line in summary if line.startswith(begin))


def _docs(ran: Ran) -> Path:
    return ran.workspace.data_docs / CURRENT


def test_the_summary_tells_what_happened(ran: Ran) -> None:
    told = "\n".join(ran.summary)
    for line in (
        "data set       small_company",
        "as of          2026-04-01 04:00 UTC, exclusive (day 2026-03-31 in America/New_York)",
        "rows in        81 delivered = 80 landed + 1 set aside",
        "  leads.csv (marketing persons)          60 =         60 +      0",
        "  deals.csv (crm opportunities)          21 =         20 +      1",
        "not named      notes.txt (no mapping names them: not read)",
        "put aside      1 row, with its reason:",
        "  deals.csv:22: no key",
        f"persons        {LEADS}",
        f"passes         {LEADS}",
        "opportunities  20",
        "  warning      row_set_aside 1",
        "marts          the first publication",
    ):
        assert line in ran.summary, told
    assert re.fullmatch(
        r"gate           19 suites, \d+ rules, 2 suites with failures", _line(ran.summary, "gate")
    )
    assert re.fullmatch(
        r"  warn         raw_files__persons: not so: an export is at most 48 hours older than as_of"
        r" \(1 rows, e.g. file leads.csv, load_id \S+\)",
        _line(ran.summary, "  warn "),
    )
    assert _line(ran.summary, "data docs") == f"data docs      {_docs(ran) / INDEX}"
    times = _line(ran.summary, "time").split(None, 1)[1]
    assert re.sub(r" [\d.]+ s", "", times) == (
        "start, land, check in, build, check out, publish, export, report, in all"
    )
    published = (ran.workspace.published / CURRENT).resolve()
    assert ran.summary[-1] == f"published: {published}"


def test_what_is_served(ran: Ran) -> None:
    with duckdb.connect(
        str(ran.workspace.published / CURRENT / DATABASE), read_only=True
    ) as connection:
        outcomes = dict(
            connection.sql("select outcome, count(*) from marts.fct_passes group by all").fetchall()
        )
    assert (outcomes["won"], outcomes["lost"]) == (7, 7)
    assert query(ran.workspace, "select count(*) as passes from fct_passes") == (
        f"passes\n------\n    {LEADS}\n(1 row)"
    )


def test_what_is_published_as_frozen_has_landed(ran: Ran) -> None:
    path = ran.workspace.published / CURRENT / DATABASE
    with duckdb.connect(str(path), read_only=True) as connection:
        published = connection.sql(
            f"select {', '.join(SCORECARDS.names)} from marts.rpt_scorecards"
            " where kind = 'frozen' order by all"
        ).to_arrow_table()
    frozen = read_scorecards(Landing(ran.workspace.landing))
    # The months of the deals that closed before March; March is in its grace.
    assert {str(one) for one in frozen["period_start"].to_pylist()} <= {"2026-01-01", "2026-02-01"}
    assert frozen.num_rows > 0
    assert published.cast(SCORECARDS) == frozen


def test_what_reviews_decided_is_published(ran: Ran) -> None:
    path = ran.workspace.published / CURRENT / DATABASE
    with duckdb.connect(str(path), read_only=True) as connection:
        published = connection.sql(
            "select action_key, state from marts.fct_review_actions order by all"
        ).fetchall()
    assert published == [
        ("ask_for_the_company", "done"),
        ("call_before_noon", "done"),
        ("price_before_proposal", "open"),
    ]


def test_a_wrong_statement_is_told(ran: Ran) -> None:
    with pytest.raises(TerminalError, match="SQL: Catalog Error: Table with name nowhere"):
        query(ran.workspace, "select * from nowhere")


def test_nothing_is_left_in_the_home_folder(ran: Ran) -> None:
    assert list(ran.home.iterdir()) == []


def test_every_asset_has_its_rows_and_every_check_its_verdict(ran: Ran) -> None:
    graph = definitions().get_repository_def().asset_graph
    with open_instance(ran.workspace) as instance:
        materialized = {
            key: instance.get_latest_materialization_event(key)
            for key in graph.get_all_asset_keys()
            if key.path[0] != "source"
        }
        (record,) = instance.get_run_records()
        events = instance.all_logs(record.dagster_run.run_id)
    without = [key.to_user_string() for key, event in materialized.items() if event is None]
    assert without == []
    # A view has no rows of its own.
    counted = {
        key.to_user_string()
        for key, event in materialized.items()
        if event and "dagster/row_count" in event.asset_materialization.metadata
    }
    views = {
        key.to_user_string()
        for key in materialized
        if graph.get(key).group_name not in {"intermediate", "staging"}
    }
    assert views - counted == {"quality/traced_rows"}
    checks = {
        evaluation.check_name
        for event in events
        if (evaluation := event.asset_check_evaluation) is not None and evaluation.passed
    }
    # Warnings: told, and published all the same.
    warned = {
        evaluation.check_name: evaluation
        for event in events
        if (evaluation := event.asset_check_evaluation) is not None and not evaluation.passed
    }
    assert {key.name for key in graph.asset_check_keys} - checks == set(warned)
    for name, rule in {
        "raw_files__persons": "an export is at most 48 hours older than as_of",
        "marts__fct_handoffs": "every hand-off has a recipient",
    }.items():
        evaluation = warned.pop(name)
        assert evaluation.severity.value == "WARN"
        assert rule in str(evaluation.description)
        page = _docs(ran) / f"{name}.html"
        assert evaluation.metadata["page"].value == str(page)
        assert f"{rule} (warning)" in page.read_text()
    assert warned == {}
    (published,) = (key for key in materialized if key.path[0] == "published")
    event = materialized[published]
    assert event is not None
    told = event.asset_materialization.metadata["data_docs"].value
    assert told == str(_docs(ran) / INDEX)
    # The terminal's lines are in the event log too.
    assert [one for one in events if one.user_message.startswith("build     ")] != []


def test_data_docs_have_a_page_for_every_suite(ran: Ran) -> None:
    pages = {path.stem for path in _docs(ran).glob("*.html")}
    graph = definitions().get_repository_def().asset_graph
    assert pages == {
        "index",
        *(key.name for key in graph.asset_check_keys if key.name == "__".join(key.asset_key.path)),
    }
    for path in _docs(ran).iterdir():
        text = path.read_text()
        assert "://" not in text, path
        assert "@example.com" not in text, path


def test_while_one_runs_another_is_refused_and_its_death_harms_nothing(ran: Ran) -> None:
    former = current_publication(ran.workspace.published)
    half = ran.workspace.landing / "files" / "crm" / "opportunities" / "half-a-load"
    half.mkdir()
    (half / "part-00000.parquet").write_bytes(b"half")
    command = [sys.executable, "-m", "orchestration.run"]
    with subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        seen = []
        for line in other.stdout:
            seen.append(line)
            if line.startswith("check in"):
                break
        with pytest.raises(TerminalError) as refused:
            run(ran.workspace)
        # In the middle of the build.
        os.kill(other.pid, signal.SIGKILL)
    assert re.search(
        rf"another run is in progress \(run [0-9a-f-]{{36}}, process {other.pid}, since 20\d\d-",
        str(refused.value),
    )
    assert f"removed a load that was never finished: {half}" in "".join(seen)
    assert current_publication(ran.workspace.published) == former


def test_g61_the_same_again_is_equal_and_loads_nothing_twice(ran: Ran) -> None:
    loads = len(Landing(ran.workspace.landing).loads())
    summary = run(ran.workspace)
    assert _line(summary, "rows in") == (
        "rows in        81 delivered = 80 landed + 1 set aside;"
        " all already landed, nothing loaded twice"
    )
    assert _line(summary, "marts") == "marts          equal to the last publication"
    assert len(Landing(ran.workspace.landing).loads()) == loads


def test_an_older_day_is_built_beside_and_freezes_nothing(ran: Ran) -> None:
    former = current_publication(ran.workspace.published)
    loads = Landing(ran.workspace.landing).loads()
    summary = run(ran.workspace, as_of="2026-02-28")
    assert Landing(ran.workspace.landing).loads() == loads
    assert _line(summary, "as of").startswith("as of          2026-03-01 05:00 UTC")
    assert _line(summary, "marts") == (
        "marts          built beside: the publication in use looks at more and stays"
    )
    assert (ran.workspace.beside / "20260301T050000Z.duckdb").is_file()
    assert current_publication(ran.workspace.published) == former
    path = summary[-1].removeprefix("published: ")
    with duckdb.connect(f"{path}/{DATABASE}", read_only=True) as connection:
        closed = connection.sql("select count(*) from marts.fct_opportunities where is_closed")
        assert closed.fetchall() == [(0,)]


def test_bad_files_are_stopped_and_the_former_publication_stays(
    ran: Ran,
    settings: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    former = current_publication(ran.workspace.published)
    warehouse = ran.workspace.warehouse.stat().st_mtime_ns
    # The next export writes its dates as 2026/01/05, and the mapping does not know.
    write_exports(tmp_path, exported_at="2026-04-02", date_mark="/")
    monkeypatch.setenv("UNIFIED_FUNNEL_DATA", str(tmp_path))
    assert main([]) == 1
    words = capsys.readouterr().err
    assert "the gate stopped what enters: nothing was published\n" in words
    assert (
        "  error        raw_files__persons: not so: at least 90% of persons.created_at look like"
        " the format that the mapping names (60 rows, e.g. _file leads.csv, _line 2, _record_id L0)"
    ) in words
    assert former is not None
    assert words.splitlines()[-1] == (
        f"still served: {ran.workspace.published / former.run}"
        " (the former publication, as of 2026-04-01T04:00:00Z)"
    )
    assert f"\ndata docs      {_docs(ran) / INDEX}\n" in words
    assert "critical" in (_docs(ran) / INDEX).read_text()
    assert "_record_id L0" in (_docs(ran) / "raw_files__persons.html").read_text()
    assert "Traceback" not in words
    assert current_publication(ran.workspace.published) == former
    # Not even built: the models never saw the bad rows.
    assert ran.workspace.warehouse.stat().st_mtime_ns == warehouse


def test_an_old_export_holds_the_publication_where_the_agreement_says_so(
    ran: Ran, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write_exports(tmp_path, leads_exported_at=OLD)
    mapping = tmp_path / "mapping.yml"
    mapping.write_text(mapping.read_text().replace("name: small_company", "name: held_company"))
    agreed = (PROJECT / "agreement.yml").read_text()
    held = agreed.replace("source_policy: publish_with_warning", "source_policy: hold")
    assert held != agreed
    (tmp_path / "agreement.yml").write_text(held)
    monkeypatch.setenv("UNIFIED_FUNNEL_DATA", str(tmp_path))
    monkeypatch.setenv("UNIFIED_FUNNEL_AGREEMENT", str(tmp_path / "agreement.yml"))
    assert main([]) == 1
    words = capsys.readouterr().err
    assert "the gate stopped what enters: nothing was published\n" in words
    assert (
        "  error        raw_files__persons: not so: an export is at most 48 hours older than as_of"
    ) in words
    assert "nothing is published yet" in words


def test_a_wrong_agreement_stops_before_anything_runs(
    ran: Ran, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "agreement.yml"
    text = (PROJECT / "agreement.yml").read_text()
    path.write_text(text.replace("rank: 20", "rank: 10", 1))
    monkeypatch.setenv("UNIFIED_FUNNEL_AGREEMENT", str(path))
    with open_instance(ran.workspace) as instance:
        before = instance.get_runs_count()
        assert main([]) == 1
        assert instance.get_runs_count() == before
    words = capsys.readouterr().err
    assert re.search(rf"{re.escape(str(path))}:\d+: ", words)
    assert "Traceback" not in words


def test_a_wrong_day_is_told(ran: Ran, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--as-of", "yesterday"]) == 1
    assert "as_of: 'yesterday' is neither a date nor a date-time" in capsys.readouterr().err


def test_bad_tables_are_stopped_and_the_former_publication_stays(ran: Ran) -> None:
    former = current_publication(ran.workspace.published)
    with duckdb.connect(str(ran.workspace.warehouse)) as connection:
        connection.execute(
            "update marts.rpt_funnel_conversion set conversion_rate = 1.5"
            " where method = 'cohort' and segment = 'all'"
        )
    with open_instance(ran.workspace) as instance:
        result = (
            definitions()
            .resolve_job_def(JOB)
            .execute_in_process(
                instance=instance,
                raise_on_error=False,
                # The steps after the build, which would mend the table.
                op_selection=["gate_out", "published__marts"],
            )
        )
    assert not result.success
    assert "published__marts" not in {event.step_key for event in result.all_events}
    words = str(describe_failure(result))
    assert words.startswith("the gate stopped what leaves: nothing was published\n")
    assert "marts__rpt_funnel_conversion: not so: a cohort converts between 0 and 100 %" in words
    page = (_docs(ran) / "marts__rpt_funnel_conversion.html").read_text()
    assert "a cohort converts between 0 and 100 % (critical)" in page
    assert current_publication(ran.workspace.published) == former


def test_a_gate_that_cannot_be_evaluated_lets_nothing_pass(ran: Ran) -> None:
    former = current_publication(ran.workspace.published)
    with duckdb.connect(str(ran.workspace.warehouse)) as connection:
        connection.execute(
            "alter table marts.rpt_funnel_conversion alter conversion_rate type varchar"
        )
        connection.execute("update marts.rpt_funnel_conversion set conversion_rate = 'high'")
    with open_instance(ran.workspace) as instance:
        result = (
            definitions()
            .resolve_job_def(JOB)
            .execute_in_process(
                instance=instance,
                raise_on_error=False,
                op_selection=["gate_out", "published__marts"],
            )
        )
    words = str(describe_failure(result))
    assert "the gate could not be evaluated, which says nothing about the data" in words
    assert "published__marts" not in {event.step_key for event in result.all_events}
    assert current_publication(ran.workspace.published) == former
