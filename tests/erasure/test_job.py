"""G26 through the real job: published, erased, published again."""

from __future__ import annotations

import io
import os
import re
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ingestion.erasure import VARIABLE, find_traces, unfinished_erasures
from ingestion.errors import TerminalError
from ingestion.landing import Landing
from orchestration.erase import erase, main
from orchestration.publication import CURRENT, DATABASE
from orchestration.report.__main__ import report
from orchestration.report.shelf import names
from orchestration.run import run
from orchestration.workspace import PROJECT, Workspace, read_workspace
from tests.environment import run_environment
from tests.erasure.company import EMAIL, JANE, KEY, PERSON_KEY, write_exports

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# Rows of marts as they were; what an erasure may change of them.
Tables = dict[str, list[tuple[Any, ...]]]
PERSONAL = {"dim_persons": "is_erased", "dim_person_details": "*"}


@dataclass
class Company:
    root: Path
    workspace: Workspace
    before: Tables


def published(workspace: Workspace) -> Tables:
    path = (workspace.published / CURRENT / DATABASE).resolve()
    with duckdb.connect(str(path), read_only=True) as connection:
        names = connection.execute(
            "select schema_name, table_name from duckdb_tables()"
            " where schema_name = 'marts' or table_name = 'reconciliation' order by all"
        ).fetchall()
        found: Tables = {}
        for schema, table in names:
            if PERSONAL.get(table) == "*":
                continue
            without = f" exclude ({PERSONAL[table]})" if table in PERSONAL else ""
            rows = connection.execute(f"select *{without} from {schema}.{table}").fetchall()
            # A record's key is personal where its id is an address.
            found[table] = sorted(
                (
                    tuple(
                        "an address" if isinstance(one, str) and "@" in one else one for one in row
                    )
                    for row in rows
                ),
                key=repr,
            )
    return found


def persons(workspace: Workspace, what: str = "is_erased") -> dict[str, Any]:
    path = (workspace.published / CURRENT / DATABASE).resolve()
    with duckdb.connect(str(path), read_only=True) as connection:
        return dict(
            connection.execute(f"select person_key, {what} from marts.dim_persons").fetchall()
        )


def left(workspace: Workspace) -> list[str]:
    """Places that hold something of hers: values in columns, and bytes that nobody deleted."""
    traces = find_traces(workspace.folder, JANE)
    found = [f"{one.path.relative_to(workspace.folder)} {one.place}" for one in traces]
    either = "|".join(re.escape(one) for one in JANE)
    # Her colleague's address ends like hers.
    spelled = re.compile(rf"(?<!mary-)({either})".encode(), re.IGNORECASE)
    return found + [
        f"{path.relative_to(workspace.folder)} bytes"
        for path in sorted(workspace.folder.rglob("*"))
        if path.is_file() and spelled.search(path.read_bytes())
    ]


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    """A company that publishes personal details, with what the analyst's tools leave behind."""
    root = tmp_path_factory.mktemp("erasing")
    write_exports(root / "exports")
    agreed = (PROJECT / "agreement.yml").read_text()
    (root / "agreement.yml").write_text(
        agreed.replace("publish_personal_details: false", "publish_personal_details: true")
    )
    agreement = str(root / "agreement.yml")
    others = {"UNIFIED_FUNNEL_AGREEMENT": agreement, VARIABLE: KEY}
    with run_environment(root / "exports", root / "workspaces", **others):
        workspace = read_workspace()
        run(workspace)
        before = published(workspace)
        for name in ("beside", "what_if", "diff"):
            (workspace.folder / name).mkdir()
        for name in ("dev.duckdb", "beside/2026-01-31.duckdb"):
            with duckdb.connect(str(workspace.folder / name)) as connection:
                connection.execute("create table mine as select ? as email", [EMAIL])
        for name in ("what_if/persons.parquet", "diff/rows.parquet"):
            table = pa.table({"email": [EMAIL]})
            pq.write_table(table, workspace.folder / name)
        yield Company(root, workspace, before)


def test_before_it_she_is_there(company: Company) -> None:
    found = " ".join(left(company.workspace))
    for place in (
        "landing/files/crm/persons",
        "warehouse.duckdb staging.",
        "dev.duckdb main.mine.email",
        "dev.duckdb bytes",
        "beside/",
        "what_if/",
        "diff/",
        "published/",
        "marts.dim_person_details.email",
    ):
        assert place in found, place
    assert persons(company.workspace)[PERSON_KEY] is False


def test_wrong_requests_are_told_and_change_nothing(
    company: Company, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    for given, words in (
        ("jane.doe@acme.example", "PERSON: nobody is found under what was given"),
        ("", "PERSON: nobody is named"),
    ):
        told = subprocess.run(
            [sys.executable, "-m", "orchestration.erase"],
            cwd=PROJECT, input=f"{given}\n", capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert told.returncode == 1
        assert words in told.stderr
        assert "Traceback" not in told.stderr
        assert not given or given not in told.stdout + told.stderr
    monkeypatch.delenv(VARIABLE)
    with pytest.raises(TerminalError, match=f"{VARIABLE}: the key of the erasures is not set"):
        erase(company.workspace, PERSON_KEY)
    empty = replace(company.workspace, folder=company.root / "nothing")
    monkeypatch.setenv(VARIABLE, KEY)
    with pytest.raises(TerminalError, match="nothing is built yet"):
        erase(empty, PERSON_KEY)
    assert published(company.workspace) == company.before
    assert Landing(company.workspace.landing).loads("erasures") == []


def test_a_look_tells_counts_and_changes_nothing(company: Company) -> None:
    told = subprocess.run(
        ["/usr/bin/make", "--no-print-directory", "erase", f"PERSON={EMAIL}", "LOOK=1"],
        cwd=PROJECT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    lines = [" ".join(one.split()) for one in told.stdout.splitlines()]
    assert lines[:6] == [
        "erase persons 3 rows",
        "erase opportunities 1 rows",
        "erase activities 3 rows",
        "erase field changes 3 rows",
        "erase opportunity persons 1 rows",
        "erase set aside 2 rows",
    ]
    assert told.stdout.endswith("nothing was erased\n")
    assert not any(one.lower() in (told.stdout + told.stderr).lower() for one in JANE)
    assert Landing(company.workspace.landing).loads("erasures") == []


def test_g26_killed_in_the_middle_the_next_run_ends_it(company: Company) -> None:
    command = [sys.executable, "-m", "orchestration.erase"]
    with subprocess.Popen(
        command, cwd=PROJECT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as killed:
        assert killed.stdin is not None
        assert killed.stdout is not None
        killed.stdin.write(f"{EMAIL}\n")
        killed.stdin.close()
        seen = []
        for line in killed.stdout:
            seen.append(line)
            # The landing is rewritten, nothing is built.
            if line.startswith("check in"):
                break
        os.kill(killed.pid, signal.SIGKILL)
    told = "".join(seen)
    assert "erase     rewrote" in told
    built = "warehouse.duckdb, warehouse.duckdb.handoff_findings.parquet"
    assert f"dropped dev.duckdb, {built}, beside, what_if, diff, data_docs, dbt" in told
    assert ", reports\n" in told or ", reports " in told
    assert not any(one.lower() in told.lower() for one in JANE)
    landing = Landing(company.workspace.landing)
    assert len(unfinished_erasures(landing)) == 1
    # Still served: the former publication, of which somebody may make a report once more.
    assert published(company.workspace) == company.before
    assert names(company.workspace.reports) == []
    report(company.workspace)
    former = (company.workspace.published / CURRENT).resolve().name
    assert names(company.workspace.reports) == [former]
    run(company.workspace)
    current = (company.workspace.published / CURRENT).resolve().name
    assert names(company.workspace.reports) == [current] != [former]
    assert unfinished_erasures(landing) == []


def test_g26_nothing_is_left_and_every_count_is_as_before(company: Company) -> None:
    assert left(company.workspace) == []
    assert published(company.workspace) == company.before
    erased = persons(company.workspace)
    assert [key for key, is_erased in erased.items() if is_erased] == [PERSON_KEY]
    assert persons(company.workspace, "record_count")[PERSON_KEY] == 3
    path = (company.workspace.published / CURRENT / DATABASE).resolve()
    with duckdb.connect(str(path), read_only=True) as connection:
        details = connection.execute(
            "select * exclude (person_key, record_keys) from marts.dim_person_details"
            " where person_key = ?",
            [PERSON_KEY],
        ).fetchall()
    assert details == [(None,) * 8]
    runs = [one for one in company.workspace.published.iterdir() if not one.is_symlink()]
    assert len(runs) == 1


def test_g26_the_same_exports_again_do_not_bring_her_back(company: Company) -> None:
    loads = Landing(company.workspace.landing).loads()
    run(company.workspace)
    assert Landing(company.workspace.landing).loads() == loads
    exports = company.workspace.exports
    write_exports(exports, exported_at="2026-05-01")
    (exports / "leads.csv").rename(exports / "leads_may.csv")
    with (exports / "leads_may.csv").open("a") as file:
        file.write(f"N1,{EMAIL},Jane,Smith,,CFO,Acme,M,2026-02-01,2026-02-01,,web,F1,\n")
    run(company.workspace)
    assert left(company.workspace) == []
    assert persons(company.workspace, "record_count")[PERSON_KEY] == 4
    assert persons(company.workspace)[PERSON_KEY] is True


@pytest.mark.long
def test_erasing_again_is_harmless(company: Company) -> None:
    before = published(company.workspace)
    loads = Landing(company.workspace.landing).loads("files")
    lines = erase(company.workspace, "crm/main/C1")
    # The record that came since is noted; its values were never there.
    assert lines[-1] == "checked: nothing of the person is left in the workspace"
    assert erase(company.workspace, EMAIL) == ["erased before: nothing is left to erase"]
    assert published(company.workspace) == before
    assert Landing(company.workspace.landing).loads("files") == loads


@pytest.mark.long
def test_with_the_landing_alone_she_stays_erased(company: Company) -> None:
    """The warehouse and all publications are deleted, and looked at as of an earlier load."""
    before = published(company.workspace)
    shutil.rmtree(company.workspace.published)
    company.workspace.warehouse.unlink()
    run(company.workspace)
    assert published(company.workspace) == before
    first = min(one.extracted_at for one in Landing(company.workspace.landing).loads("erasures"))
    summary = run(company.workspace, loads_until=first.isoformat())
    path = summary[-1].removeprefix("published: ")
    with duckdb.connect(f"{path}/{DATABASE}", read_only=True) as connection:
        assert connection.execute(
            "select person_key, record_count from marts.dim_persons where is_erased"
        ).fetchall() == [(PERSON_KEY, 3)]


def test_what_is_left_elsewhere_is_told(
    company: Company, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    note = company.workspace.folder / "note.txt"
    note.write_text("call p7@else.example tomorrow\n")
    monkeypatch.setattr(sys, "stdin", io.StringIO("crm/main/P7\n"))
    assert main([]) == 1
    told = capsys.readouterr()
    assert f"  {note}  holds it\n" in told.err
    assert "p7@else" not in told.out + told.err
    note.unlink()
