"""`make check-sources`: what it says of sources that can be read, and of those that cannot."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from ingestion.connectors.credentials import marketo_credentials, salesforce_credentials
from ingestion.connectors.http import Patience
from ingestion.connectors.source_check import SourceCheck, check_sources
from ingestion.errors import TerminalError
from ingestion.files import Connection, Mapping, MappingError, read_mapping
from ingestion.sandbox.apis.marketo import MarketoOptions
from ingestion.sandbox.apis.salesforce import Options
from orchestration.check_sources import main
from tests.ingestion.sandbox.apis.marketo_client import stand_in
from tests.ingestion.sandbox.apis.salesforce_client import standing

if TYPE_CHECKING:
    from pathlib import Path

QUICK = Patience(attempts=2, first_wait=0.001, connect=2, read=5)
SECRET = "marked-secret"  # noqa: S105  # to be found wherever it should not be
LEAD = {
    "file": "leads.csv", "object": "Lead", "system": "salesforce", "entity": "persons",
    "load": "append", "exported_at": "2026-01-01", "key": "Id", "columns": {"email": "Email"},
}  # fmt: skip
PROSPECT = LEAD | {"file": "prospects.csv", "system": "marketo", "key": "id",
                   "columns": {"email": "email"}}  # fmt: skip
FORM = {
    "file": "forms.csv", "object": "Fill Out Form", "system": "marketo", "entity": "activities",
    "load": "append", "exported_at": "2026-01-01", "key": "marketoGUID",
    "columns": {"occurred_at": "activityDate"},
}  # fmt: skip
SALESFORCE = {"system": "salesforce", "connector": "salesforce"}
MARKETO = {"system": "marketo", "connector": "marketo"}


def mapping_in(folder: Path, files: list[dict[str, Any]], *connections: dict[str, Any]) -> Mapping:
    head = {"name": "api", "title": "Over the API", "outcomes": "won_and_lost"}
    zones = {"source_time_zone": "UTC", "reporting_time_zone": "UTC"}
    lists = {"files": files, "connections": connections}
    (folder / "mapping.yml").write_text(json.dumps(head | zones | lists))
    return read_mapping(folder / "mapping.yml")


@pytest.fixture
def set_up(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for system, what in (("SALESFORCE", "LOGIN_URL"), ("MARKETO", "URL")):
        prefix = f"UNIFIED_FUNNEL_{system}_MAIN"
        monkeypatch.setenv(f"{prefix}_{what}", "http://127.0.0.1:9")
        monkeypatch.setenv(f"{prefix}_CLIENT_ID", "unified-funnel")
        monkeypatch.setenv(f"{prefix}_CLIENT_SECRET", SECRET)
    return monkeypatch


def salesforce_check(
    set_up: pytest.MonkeyPatch, folder: Path, options: Options, **changes: Any
) -> SourceCheck:
    with standing(options) as client:
        set_up.setenv("UNIFIED_FUNNEL_SALESFORCE_MAIN_LOGIN_URL", client.url)
        (found,) = check_sources(mapping_in(folder, [LEAD | changes], SALESFORCE), QUICK)
    return found


def test_a_source_that_can_be_read_tells_its_fields_and_what_is_left(
    set_up: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    found = salesforce_check(set_up, tmp_path, Options(client_secret=SECRET))
    assert found.problems == ()
    assert found.notes[0] == "reached, version 67.0"
    assert found.notes[1].startswith("Lead: ")
    assert found.notes[2].startswith("DailyApiRequests: ")
    assert found.notes[2].endswith(" of 1,000,000 left")


def test_what_is_hidden_or_not_there_is_named(set_up: pytest.MonkeyPatch, tmp_path: Path) -> None:
    hidden = Options(client_secret=SECRET, hidden_fields=frozenset({"Lead.Email"}))
    found = salesforce_check(set_up, tmp_path, hidden)
    assert found.problems == ("Lead lacks Email, or hides it from this user",)
    found = salesforce_check(set_up, tmp_path, hidden, object="Leed")
    assert found.problems == ("Leed is not there, or hidden from this user",)


def test_both_systems_are_looked_at_though_one_is_down(
    set_up: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    files = [LEAD, PROSPECT, FORM, FORM | {"file": "x.csv", "object": "Filled Out"}]
    with stand_in(MarketoOptions(client_secret=SECRET)) as client:
        set_up.setenv("UNIFIED_FUNNEL_MARKETO_MAIN_URL", client.address)
        mapping = mapping_in(tmp_path, files, SALESFORCE, MARKETO)
        down, up = check_sources(mapping, QUICK)
    assert (down.name, up.name) == ("salesforce/main", "marketo/main")
    assert "nobody answers at this address" in down.problems[0]
    assert up.problems == ("Filled Out is no type of activity there",)
    assert "Fill Out Form: known" in up.notes
    assert SECRET not in str((down, up))


def test_the_command_prints_it_and_fails_for_a_source_that_cannot_be_read(
    set_up: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mapping_in(tmp_path, [LEAD], SALESFORCE)
    set_up.setenv("UNIFIED_FUNNEL_DATA", str(tmp_path))
    with standing(Options(client_secret=SECRET)) as client:
        set_up.setenv("UNIFIED_FUNNEL_SALESFORCE_MAIN_LOGIN_URL", client.url)
        assert main() == 0
        set_up.setenv("UNIFIED_FUNNEL_SALESFORCE_MAIN_CLIENT_SECRET", "another")
        assert main() == 1
    said = capsys.readouterr()
    assert "salesforce/main\n  ok    reached, version 67.0\n" in said.out
    assert "  wrong salesforce/main: POST /services/oauth2/token: invalid_client" in said.out
    assert "another" not in said.out + said.err
    mapping_in(tmp_path, [LEAD])
    assert main() == 0
    assert "no source is connected" in capsys.readouterr().out


def test_missing_variables_are_all_named() -> None:
    salesforce, marketo = (Connection(**one) for one in (SALESFORCE, MARKETO))
    with pytest.raises(TerminalError) as raised:
        salesforce_credentials(salesforce, {})
    for what in ("LOGIN_URL", "CLIENT_ID", "CLIENT_SECRET"):
        assert f"UNIFIED_FUNNEL_SALESFORCE_MAIN_{what}" in str(raised.value)
    with pytest.raises(TerminalError, match="UNIFIED_FUNNEL_MARKETO_MAIN_CLIENT_SECRET"):
        marketo_credentials(marketo, {"UNIFIED_FUNNEL_MARKETO_MAIN_URL": "https://m.example"})
    given = {
        "UNIFIED_FUNNEL_SALESFORCE_MAIN_LOGIN_URL": "https://login.salesforce.com",
        "UNIFIED_FUNNEL_SALESFORCE_MAIN_CLIENT_ID": "unified-funnel",
        "UNIFIED_FUNNEL_SALESFORCE_MAIN_PRIVATE_KEY": SECRET,
    }
    with pytest.raises(TerminalError, match="lacks UNIFIED_FUNNEL_SALESFORCE_MAIN_USERNAME") as one:
        salesforce_credentials(salesforce, given)
    assert SECRET not in str(one.value)


def test_an_object_needs_no_time_of_export_and_a_file_does(tmp_path: Path) -> None:
    lead = {name: one for name, one in LEAD.items() if name not in {"load", "exported_at"}}
    mapping = mapping_in(tmp_path, [lead, PROSPECT], SALESFORCE)
    assert [one.file for one in mapping.file_exports] == ["prospects.csv"]
    assert mapping.files[0].exported_at is None
    with pytest.raises(MappingError, match="`exported_at` is missing"):
        mapping_in(tmp_path, [lead, PROSPECT], MARKETO)


def test_a_system_that_is_connected_twice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MappingError, match="salesforce/main is connected twice"):
        mapping_in(tmp_path, [LEAD], SALESFORCE, SALESFORCE)


def test_a_connection_that_nothing_is_read_over_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MappingError, match="names an `object` of marketo/main"):
        mapping_in(tmp_path, [LEAD], MARKETO)
