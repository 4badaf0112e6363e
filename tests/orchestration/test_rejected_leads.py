"""Rejected leads on their way back: what changed, under the automation system's own ids."""

from __future__ import annotations

import csv
import hashlib
import shutil
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pyarrow.parquet as pq
import pytest

from ingestion.errors import TerminalError
from orchestration import run as run_module
from orchestration.alerts import write_told
from orchestration.erasures import drop_built
from orchestration.gate import handoff_findings
from orchestration.publication import MANIFEST
from orchestration.rejected_leads import (
    COLUMNS,
    DELTA_COLUMNS,
    KEPT,
    SOURCES,
    automation_sources,
    export,
    exports,
    main,
    read_export,
)
from orchestration.report.shelf import INDEX, put
from orchestration.workspace import SAMPLE, read_workspace
from tests.environment import run_environment
from tests.orchestration.handed_off import HandedOff

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# A day later, nothing else is different.
NEXT_DAY = "update ops.run_context set as_of = timestamp '2026-02-02'"


@pytest.fixture
def company(tmp_path: Path) -> Iterator[HandedOff]:
    with run_environment(None, tmp_path):
        yield HandedOff(read_workspace())


def _delta(folder: Path) -> list[tuple[str, ...]]:
    with (folder / "delta.csv").open(newline="", encoding="utf-8") as file:
        header, *rows = csv.reader(file)
    assert tuple(header) == DELTA_COLUMNS
    # Both formats say the same.
    table = pq.read_table(folder / "delta.parquet")
    assert table.column_names == list(DELTA_COLUMNS)
    parquet = [[value or "" for value in row.values()] for row in table.to_pylist()]
    assert parquet == rows
    return [tuple(row) for row in rows]


def _bytes(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_the_first_delta_is_all_of_it(company: HandedOff) -> None:
    publication = company.publish()
    made = export(company.workspace)
    folder = company.exported / publication.run
    values = (
        "rejected", "2026-01-20T15:04:05Z", "no_fit", 'Does not fit, or "never" did', "", "title",
        "with_marketing", "2026-02-01T00:00:00Z",
    )  # fmt: skip
    # Not the CRM's record, not the deleted one, not that of a person who was erased.
    assert _delta(folder) == [
        ("new", "marketo", "emea", "11", "L1#1/1", *values),
        ("new", "marketo", "main", "11", "L1#1/1", *values),
        ("new", "marketo", "main", "2", "L2#1/1", *values),
    ]
    assert made.sources == ["marketo"]
    assert made.rows == {"new": 3, "changed": 0, "withdrawn": 0, "all": 3}
    assert read_export(folder) == made
    files = _bytes(folder)
    del files[MANIFEST]
    assert made.digests == {one: hashlib.sha256(text).hexdigest() for one, text in files.items()}


def test_made_twice_it_is_equal_byte_by_byte(company: HandedOff) -> None:
    for changes in ((), (NEXT_DAY, "update marts.rpt_rejected_leads set reason = 'budget'")):
        company.publish(*changes)
        made = export(company.workspace)
        folder = company.exported / made.run
        before = _bytes(folder)
        # What is there is not written again.
        assert export(company.workspace) == made
        shutil.rmtree(folder)
        assert export(company.workspace) == made
        assert _bytes(folder) == before


def test_the_second_delta_holds_what_changed(company: HandedOff) -> None:
    company.publish()
    first = export(company.workspace)
    company.publish(
        NEXT_DAY,
        "update marts.rpt_rejected_leads set reason = null, reason_label = null"
        " where person_key = 'L2'",
        "insert into marts.dim_person_records values"
        " ('marketo/main/12', 'marketo', 'main', '12', 'L1', false)",
        "update marts.dim_person_records set is_deleted = true where instance = 'emea'",
    )
    second = export(company.workspace)
    now = "2026-02-02T00:00:00Z"
    assert second.former == first.run
    assert _delta(company.exported / second.run) == [
        ("withdrawn", "marketo", "emea", "11", "L1#1/1", *[""] * 7, now),
        (
            "new", "marketo", "main", "12", "L1#1/1", "rejected", "2026-01-20T15:04:05Z", "no_fit",
            'Does not fit, or "never" did', "", "title", "with_marketing", now,
        ),
        (
            "changed", "marketo", "main", "2", "L2#1/1", "rejected", "2026-01-20T15:04:05Z", "", "",
            "", "title", "with_marketing", now,
        ),
    ]  # fmt: skip
    # All that stands says since when each row is as it is.
    table = pq.read_table(company.exported / second.run / "all.parquet")
    assert table.column_names == list(COLUMNS)
    assert table.select(["record_id", "changed_at"]).to_pylist() == [
        {"record_id": "11", "changed_at": "2026-02-01T00:00:00Z"},
        {"record_id": "12", "changed_at": now},
        {"record_id": "2", "changed_at": now},
    ]


def test_nothing_changed_and_accepted_after_all(company: HandedOff) -> None:
    company.publish()
    export(company.workspace)
    company.publish(NEXT_DAY)
    same = export(company.workspace)
    assert same.rows == {"new": 0, "changed": 0, "withdrawn": 0, "all": 3}
    assert _delta(company.exported / same.run) == []
    company.publish("delete from marts.rpt_rejected_leads")
    assert export(company.workspace).rows == {"new": 0, "changed": 0, "withdrawn": 3, "all": 0}


def test_who_gets_leads_back(monkeypatch: pytest.MonkeyPatch) -> None:
    assert automation_sources(["salesforce", "marketo"], ["salesforce"]) == ["marketo"]
    assert automation_sources(["hubspot"], ["hubspot"]) == ["hubspot"]
    assert automation_sources([], ["crm"]) == []
    monkeypatch.setenv(SOURCES, "salesforce, marketo")
    assert automation_sources(["salesforce", "marketo"], ["salesforce"]) == [
        "marketo",
        "salesforce",
    ]
    monkeypatch.setenv(SOURCES, "marketto")
    with pytest.raises(TerminalError, match=r"from marketto\. Name some of: marketo, salesforce"):
        automation_sources(["salesforce", "marketo"], ["salesforce"])


def test_the_last_month_stays(company: HandedOff, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("orchestration.rejected_leads.KEPT", 2)
    made = []
    for _ in range(3):
        company.publish()
        made.append(export(company.workspace).run)
    assert exports(company.exported) == made[-2:]
    assert KEPT >= 31


# The process kills itself at the n-th call of a function on the way of an export.
KILLED = """
import os, signal, sys
from orchestration import rejected_leads
from orchestration.workspace import read_workspace

def until(function, calls=[0]):
    def wrapped(*arguments, **options):
        calls[0] += 1
        if calls[0] == int(sys.argv[2]):
            os.kill(os.getpid(), signal.SIGKILL)
        return function(*arguments, **options)
    return wrapped

setattr(rejected_leads, sys.argv[1], until(getattr(rejected_leads, sys.argv[1])))
rejected_leads.export(read_workspace())
"""


@pytest.mark.parametrize(("function", "calls"), [("_write_parquet", 2), ("sync", 5)])
def test_killed_in_the_middle(company: HandedOff, function: str, calls: int) -> None:
    company.publish()
    command = [sys.executable, "-c", KILLED, function, str(calls)]
    assert subprocess.run(command, check=False).returncode == -signal.SIGKILL
    assert exports(company.exported) == []
    made = export(company.workspace)
    assert made.rows["new"] == 3
    assert [path.name for path in company.exported.iterdir()] == [made.run]


def test_an_erasure_drops_whatever_holds_keys(company: HandedOff) -> None:
    """Exports, what was told, the page of both teams and what the gate found of hand-offs."""
    company.publish()
    export(company.workspace)
    write_told(company.workspace.alerts, {"clock/jane@acme.example/reply": "breached"})
    page = put(company.workspace.reports, "r1", {INDEX: "crm/jane@acme.example#1/1"}) / INDEX
    found = handoff_findings(company.workspace.warehouse)
    found.write_bytes(b"crm/jane@acme.example#1/1")
    assert {"exported", "alerts.json", "reports"} <= set(drop_built(company.workspace))
    for path in (company.workspace.exported, company.workspace.alerts, page, found):
        assert not path.exists()


def test_a_run_whose_export_failed_says_what_it_published(
    company: HandedOff, capsys: pytest.CaptureFixture[str]
) -> None:
    began = time.time()
    company.publish()
    assert run_module._failed(company.workspace, began, "no space is left") == 1
    assert "(published by this run, as of 2026-02-01T00:00:00Z)" in capsys.readouterr().err
    assert run_module._failed(company.workspace, time.time(), "no space is left") == 1
    assert "(the former publication, as of 2026-02-01T00:00:00Z)" in capsys.readouterr().err


def test_what_the_command_says(company: HandedOff, capsys: pytest.CaptureFixture[str]) -> None:
    assert main() == 2
    assert "nothing is published yet" in capsys.readouterr().err
    run = company.publish().run
    assert main() == 0
    assert capsys.readouterr().out == (
        "rejected leads for marketo: 3 new, 0 changed, 0 withdrawn; 3 in all (the first export)\n"
        f"exported: {company.workspace.exported}/rejected_leads/{run}\n"
    )
    (company.exported / run / MANIFEST).chmod(0o644)
    (company.exported / run / MANIFEST).write_text("{}")
    assert main() == 2
    assert "the manifest of the export is damaged" in capsys.readouterr().err
    company.publish("drop table marts.dim_person_records")
    assert main() == 2
    assert "has no dim_person_records: it is of an earlier version" in capsys.readouterr().err
    assert company.workspace.data_set == SAMPLE
