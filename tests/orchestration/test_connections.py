"""Connected systems in the real job: read over HTTP, told when they are down."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import dagster as dg
import duckdb
import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from ingestion.landing import Landing
from ingestion.sandbox.apis import salesforce
from ingestion.sandbox.apis.present import Present
from ingestion.sandbox.apis.served_company import Habits, served_company
from ingestion.sandbox.clock import DAY
from ingestion.sandbox.company.company import simulate
from ingestion.sandbox.exports import write_full
from ingestion.sandbox.exports.morning import after
from ingestion.sandbox.mess import PROFILES
from ingestion.sandbox.settings import Settings
from ingestion.sandbox.systems.landscape import hold_systems
from orchestration import check_sources
from orchestration.instance import open_instance
from orchestration.publication import current_publication
from orchestration.raw_files import READ
from orchestration.run import run
from orchestration.workspace import Workspace, read_workspace
from tests.environment import run_environment

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SERVED = frozenset({"salesforce", "marketo"})
SETTINGS = Settings(people=200, mess=PROFILES["clean"])
CONNECTED = Settings(people=200, mess=PROFILES["clean"], served=SERVED)
SECRET = "planted-7f3c-nobody-may-see-this"  # noqa: S105  # what is looked for everywhere
KEY = generate_private_key(65_537, 2_048)
PUBLIC = KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
PRIVATE = KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
# How an access token of the stand-ins looks, how a client sends it, and how an assertion begins.
TOKENS = re.compile(rb"00D5e0000000001![\w-]{20}|Bearer [\w!:-]{20}|eyJ[\w-]{20}")


@dataclass
class Company:
    """A company that is read over its APIs, and what became of the same one's files."""

    folder: Path
    workspace: Workspace
    present: Present
    of_files: dict[str, tuple[int, str]]
    summary: list[str]


def marts(workspace: Workspace) -> dict[str, tuple[int, str]]:
    publication = current_publication(workspace.published)
    assert publication is not None
    return {
        name: (table.rows, table.digest)
        for name, table in publication.tables.items()
        if name.startswith("marts.")
    }


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    """The same company twice: its files were run, then its systems were read and run."""
    folder = tmp_path_factory.mktemp("connected")
    systems = hold_systems(simulate(SETTINGS))
    write_full(folder / "files", SETTINGS, systems, name="of_files")
    write_full(folder / "exports", CONNECTED, systems, name="connected")
    mapping = folder / "exports" / "mapping.yml"
    # Who is down is given up after two tries.
    mapping.write_text(mapping.read_text().replace("  poll_seconds", "  tries: 2\n  poll_seconds"))
    with run_environment(folder / "files", folder / "workspaces"):
        run(read_workspace())
        of_files = marts(read_workspace())
    present = Present(after(SETTINGS.last_day))
    habits = Habits(has_limits=False, secret=SECRET, public_key=PUBLIC)
    # An org that is given a key as well is opened with it.
    key = {
        "UNIFIED_FUNNEL_SALESFORCE_MAIN_USERNAME": salesforce.Options().username,
        "UNIFIED_FUNNEL_SALESFORCE_MAIN_PRIVATE_KEY": PRIVATE.decode(),
    }
    with (
        served_company(systems, present, habits) as serving,
        run_environment(
            folder / "exports",
            folder / "workspaces",
            **{name: text for one in serving for name, text in one.environment.items()},
            **key,
        ),
    ):
        workspace = read_workspace()
        summary = run(workspace)
        yield Company(folder, workspace, present, of_files, summary)


def test_its_marts_are_those_of_its_files(company: Company) -> None:
    assert marts(company.workspace) == company.of_files


def test_the_summary_holds_each_object_against_what_its_system_told(company: Company) -> None:
    lines = [one for one in company.summary if one.endswith(" told")]
    assert len(lines) == 30
    for line in lines:
        found = re.fullmatch(
            r"  [\w ]+ \((salesforce|marketo) \w+\) +([\d,]+) = .* of ([\d,]+) told", line
        )
        assert found is not None, line
        assert found[2] == found[3]
    assert not [one for one in company.summary if one.startswith("NOT READ")]
    assert not list(company.workspace.downloads.rglob("state.json"))


def test_days_of_the_past_are_read_once_more_and_the_present_is_not(company: Company) -> None:
    before = marts(company.workspace)
    known = Landing(company.workspace.landing).loads("files")
    run(company.workspace, past=("2025-11-01", "2025-11-30"))
    again = [one for one in Landing(company.workspace.landing).loads("files") if one not in known]
    assert {(str(one.window_start), str(one.window_end)) for one in again} == {
        ("2025-11-01 04:00:00+00:00", "2025-12-01 05:00:00+00:00")
    }
    assert sum(one.rows_landed for one in again) > 100
    # They are the rows that were there, and nothing counts twice.
    assert marts(company.workspace) == before


def test_a_system_that_cannot_be_read_is_told_and_the_others_are_read(
    company: Company, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("UNIFIED_FUNNEL_MARKETO_MAIN_CLIENT_SECRET", f"{SECRET}-wrong")
    company.present.advance(3 * DAY)
    told = "\n".join(run(company.workspace, as_of="2026-01-03"))
    assert "NOT READ       15 objects; the run went on with what it has:" in told
    age = "what is there was read until 2026-01-01 11:00 UTC, 66 h before as_of"
    assert f"    marketo/main Change Score: {age}" in told
    # Older than the agreement allows, which is to be told and not to hold the publication.
    rule = "an export is at most 48 hours older than as_of"
    assert f"raw_files__field_changes: not so: {rule}" in told
    loads = Landing(company.workspace.landing).loads("files")
    reached = {
        system: max(one.window_end for one in loads if one.window_end and one.instance == system)
        for system in SERVED
    }
    assert reached["salesforce"] - reached["marketo"] == timedelta(days=3)
    checks = is_read_checks(company.workspace)
    assert {name for name, one in checks.items() if not one.passed} == {
        "persons", "activities", "field_changes", "contents", "campaigns",
    }  # fmt: skip
    assert age in str(checks["activities"].description)
    # What people see of it does not tell what it was opened with.
    assert check_sources.main() == 1
    said = told + "".join(capsys.readouterr())
    assert "marketo/main" in said
    assert SECRET not in said


def is_read_checks(workspace: Workspace) -> dict[str, dg.AssetCheckEvaluation]:
    """The newest run's verdicts on whether all was read, by entity."""
    with open_instance(workspace) as instance:
        (newest, *_) = instance.get_run_records(limit=1)
        events = [one.dagster_event for one in instance.all_logs(newest.dagster_run.run_id)]
    verdicts = [
        one.asset_check_evaluation_data
        for one in events
        if one is not None and one.event_type == dg.DagsterEventType.ASSET_CHECK_EVALUATION
    ]
    return {one.asset_key.path[-1]: one for one in verdicts if one.check_name == READ}


def test_no_secret_is_left_in_any_file(company: Company) -> None:
    secrets = [SECRET.encode(), *PRIVATE.splitlines()[1:-1]]
    searched = 0
    for path in company.folder.rglob("*"):
        if path.is_file():
            searched += 1
            content = path.read_bytes()
            if path.suffix == ".parquet":
                content = str(duckdb.sql(f"select * from '{path}'").fetchall()).encode()
            assert not [one for one in secrets if one in content], path
            assert not TOKENS.search(content), path
    assert searched > 300
