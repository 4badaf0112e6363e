"""A company read over the APIs of its systems lands as its exports do: at once, and day by day."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from ingestion.connectors.http import Patience
from ingestion.connectors.reading import Reading, ReadObject
from ingestion.files import Connection, Mapping, land_file, read_mapping
from ingestion.files.entities import ENTITIES
from ingestion.landing import Landing
from ingestion.sandbox.apis.faults import Faults
from ingestion.sandbox.apis.marketo import MarketoOptions, marketo_application
from ingestion.sandbox.apis.present import Present
from ingestion.sandbox.apis.salesforce import Options, salesforce_application
from ingestion.sandbox.apis.service import served
from ingestion.sandbox.clock import HOUR
from ingestion.sandbox.company.company import simulate
from ingestion.sandbox.exports import write_full
from ingestion.sandbox.mess import PROFILES
from ingestion.sandbox.settings import Settings
from ingestion.sandbox.systems.landscape import hold_systems

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ingestion.sandbox.systems.held import Held

SETTINGS = Settings(people=200, mess=PROFILES["clean"])
MORNING = SETTINGS.end + 6 * HOUR
NOW = datetime.fromtimestamp(MORNING, UTC)
SECRET = "local-only"  # noqa: S105  # opens stand-ins only
QUICK = Patience(attempts=8, first_wait=0.001, longest_wait=0.01, connect=2, read=10)
CONNECTIONS = (
    Connection(system="salesforce", connector="salesforce"),
    # Without a first day it would ask for all the years that there is a Marketo.
    Connection(system="marketo", connector="marketo", first_day=SETTINGS.first_day),
)


@dataclass
class Company:
    systems: dict[str, Held]
    mapping: Mapping
    exported: Landing


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Company:
    """Its systems, and the landing of what they exported on the last morning."""
    folder = tmp_path_factory.mktemp("company")
    systems = hold_systems(simulate(SETTINGS))
    write_full(folder / "exports", SETTINGS, systems)
    mapping = read_mapping(folder / "exports" / "mapping.yml")
    mapping = mapping.model_copy(update={"connections": CONNECTIONS})
    landing = Landing(folder / "landing")
    for one in mapping.files:
        land_file(landing, mapping, one, folder / "exports")
    return Company({one.system: one for one in systems}, mapping, landing)


@dataclass
class Systems:
    """The stand-ins of a company's systems, and a landing of what is read from them."""

    company: Company
    present: Present
    folder: Path

    @property
    def landing(self) -> Landing:
        return Landing(self.folder / "landing")

    def read(self, now: datetime = NOW) -> list[ReadObject]:
        self.present.set(now.timestamp())
        reading = Reading(
            landing=self.landing,
            mapping=self.company.mapping,
            folder=self.folder / "downloads",
            now=now,
            patience=QUICK,
            poll=0,
            is_paced=False,
        )
        return [found for one in CONNECTIONS for found in reading.read(one)]


@pytest.fixture
def systems(
    company: Company, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: Any
) -> Iterator[Systems]:
    faults = Faults(getattr(request, "param", {}))
    present = Present(MORNING)
    applications = {
        "SALESFORCE_MAIN_LOGIN_URL": salesforce_application(
            company.systems["salesforce"], present, faults, Options(client_secret=SECRET)
        ),
        "MARKETO_MAIN_URL": marketo_application(
            company.systems["marketo"],
            present,
            faults,
            MarketoOptions(client_secret=SECRET, calls_per_window=None, passing="company"),
        ),
    }
    with ExitStack() as serving:
        for variable, application in applications.items():
            address = serving.enter_context(served(application))
            prefix = variable.split("_MAIN_")[0]
            monkeypatch.setenv(f"UNIFIED_FUNNEL_{variable}", address)
            monkeypatch.setenv(f"UNIFIED_FUNNEL_{prefix}_MAIN_CLIENT_ID", "unified-funnel")
            monkeypatch.setenv(f"UNIFIED_FUNNEL_{prefix}_MAIN_CLIENT_SECRET", SECRET)
        yield Systems(company, present, tmp_path)


def rows(landing: Landing, file: str, entity: str) -> set[tuple[Any, ...]]:
    """The rows of an export as delivered, without what tells when and how each came."""
    names = ["_source", "_instance", "_record_id", "_is_deleted", *ENTITIES[entity]]
    return {
        tuple(row[name] for name in names)
        for one in landing.loads("files")
        if (one.export, one.object) == (file, entity)
        for row in landing.read(one).to_pylist()
    }


def test_read_at_once_it_lands_as_its_exports_do(systems: Systems) -> None:
    found = systems.read()
    assert [one.error for one in found if one.error] == []
    assert not list((systems.folder / "downloads").rglob("state.json"))
    for one in systems.company.mapping.files:
        if one.object is not None:
            read = rows(systems.landing, one.file, one.entity)
            assert read == rows(systems.company.exported, one.file, one.entity), one.file
    told = sum(one.rows_reported or 0 for found_ in found for one in found_.loads)
    assert told == sum(one.rows_delivered for found_ in found for one in found_.loads)


def test_read_day_by_day_nothing_of_the_exports_is_missing(systems: Systems) -> None:
    for days in range(4, -1, -1):
        found = systems.read(NOW - timedelta(days=days))
        assert [one.error for one in found if one.error] == []
    for one in systems.company.mapping.files:
        if one.object is not None:
            read = rows(systems.landing, one.file, one.entity)
            assert rows(systems.company.exported, one.file, one.entity) <= read, one.file


@pytest.mark.parametrize(
    "systems", [{"server_error": 0.1, "cut": 0.1, "job_failed": 0.2}], indirect=True
)
def test_with_faults_it_lands_as_without(systems: Systems) -> None:
    found = systems.read()
    assert [one.error for one in found if one.error] == []
    for one in systems.company.mapping.files:
        if one.object is not None:
            read = rows(systems.landing, one.file, one.entity)
            assert read == rows(systems.company.exported, one.file, one.entity), one.file


def test_a_source_that_is_down_does_not_stop_the_other(
    systems: Systems, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UNIFIED_FUNNEL_SALESFORCE_MAIN_LOGIN_URL", "http://127.0.0.1:9")
    found = systems.read()
    by_source = {
        source: [one.error for one in found if one.source == f"{source}/main"]
        for source in ("salesforce", "marketo")
    }
    assert by_source["marketo"] == [None, None]
    assert all("nobody answers" in str(one) for one in by_source["salesforce"])
    assert len(by_source["salesforce"]) == 12


def test_an_object_that_is_hidden_does_not_stop_the_others(
    systems: Systems, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("UNIFIED_FUNNEL_MARKETO_MAIN_CLIENT_SECRET")
    files = tuple(
        one.model_copy(update={"object": "Hidden__c"}) if one.object == "Task" else one
        for one in systems.company.mapping.files
    )
    systems.company.mapping = systems.company.mapping.model_copy(update={"files": files})
    found = {(one.source, one.object): one.error for one in systems.read()}
    errors = {key: error for key, error in found.items() if error is not None}
    assert set(errors) - {("salesforce/main", "Hidden__c")} == {
        key for key in found if key[0] == "marketo/main"
    }
    assert "CLIENT_SECRET" in str(errors["marketo/main", "Lead"])
