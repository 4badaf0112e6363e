"""A company read over the APIs of its systems lands as its exports do: at once, and day by day."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

import pytest

from ingestion.files.entities import ENTITIES
from ingestion.sandbox.mess import PROFILES, archived, with_rate
from ingestion.sandbox.settings import Settings
from tests.ingestion.connectors.served_systems import (
    Company,
    Systems,
    exported_company,
    newest,
    rows,
    served_systems,
    some_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Company:
    # Only files have rows planted that nobody can use.
    mess = with_rate(archived(PROFILES["awful"]), "unusable_row", 0)
    settings = Settings(people=100, first_day=date(2025, 1, 1), mess=mess)
    return exported_company(tmp_path_factory.mktemp("company"), settings)


@pytest.fixture
def systems(company: Company, tmp_path: Path) -> Iterator[Systems]:
    with served_systems(company, tmp_path) as serving:
        yield serving


def test_read_at_once_it_lands_as_its_exports_do(systems: Systems) -> None:
    found = systems.read()
    assert [one.error for one in found if one.error] == []
    assert not list((systems.folder / "downloads").rglob("state.json"))
    for one in systems.company.mapping.files:
        if one.object is not None:
            read = rows(systems.landing, one.file, one.entity)
            assert read == rows(systems.company.exported, one.file, one.entity), one.file
    loads = [load for one in found for _, load in one.loads]
    assert sum(one.rows_reported or 0 for one in loads) == sum(one.rows_delivered for one in loads)
    assert {one.read_until for one in found} == {systems.company.now}


def test_rows_that_come_broken_are_set_aside_and_none_is_lost(
    company: Company, tmp_path: Path
) -> None:
    with served_systems(some_of(company), tmp_path, {"malformed_row": 1.0}) as systems:
        found = systems.read()
    assert [one.error for one in found if one.error] == []
    loads = [load for one in found for _, load in one.loads]
    for one in loads:
        assert one.rows_reported == one.rows_delivered == one.rows_landed + one.rows_set_aside
    broken = {one.instance for one in loads if one.rows_set_aside}
    assert broken == {"salesforce", "marketo"}


def test_ten_days_of_increments_hold_what_one_full_load_holds(
    company: Company, tmp_path: Path
) -> None:
    company = some_of(company)
    with served_systems(company, tmp_path) as systems:
        # The first two are far enough apart that somebody is deleted meanwhile.
        for days in (180, 60, *range(8, -1, -1)):
            found = systems.read(company.now - timedelta(days=days))
            assert [one.error for one in found if one.error] == []
    leads = {row[2] for row in newest(systems.landing, "marketo_leads.csv", "persons")}
    gone = []
    for one in company.mapping.files:
        if one.object is None:
            continue
        read = newest(systems.landing, one.file, one.entity)
        exported = newest(company.exported, one.file, one.entity)
        assert exported <= read, one.file
        # Days remember what one load comes too late for.
        of_lead = (
            list(ENTITIES[one.entity]).index("changed_record_id") + 4
            if (one.entity == "field_changes")
            else None
        )
        for row in read - exported:
            is_deleted = row[3]
            assert is_deleted or (of_lead and row[of_lead] not in leads), row
            gone.append(row)
    assert gone


def test_a_source_that_is_down_does_not_stop_the_other(
    systems: Systems, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UNIFIED_FUNNEL_SALESFORCE_MAIN_LOGIN_URL", "http://127.0.0.1:9")
    found = systems.read()
    by_source = {
        source: [one.error for one in found if one.source == f"{source}/main"]
        for source in ("salesforce", "marketo")
    }
    assert by_source["marketo"] == [None] * 6
    assert all("nobody answers" in str(one) for one in by_source["salesforce"])
    assert len(by_source["salesforce"]) == 14


def test_an_object_that_is_hidden_does_not_stop_the_others(
    systems: Systems, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("UNIFIED_FUNNEL_MARKETO_MAIN_CLIENT_SECRET")
    files = tuple(
        one.model_copy(update={"object": "Hidden__c"}) if one.object == "Task" else one
        for one in systems.company.mapping.files
    )
    mapping = systems.company.mapping.model_copy(update={"files": files})
    monkeypatch.setattr(systems.company, "mapping", mapping)
    found = {(one.source, one.object): one.error for one in systems.read()}
    errors = {key: error for key, error in found.items() if error is not None}
    assert set(errors) - {("salesforce/main", "Hidden__c")} == {
        key for key in found if key[0] == "marketo/main"
    }
    assert "CLIENT_SECRET" in str(errors["marketo/main", "Lead"])


def test_s08_what_is_read_in_full_is_all_there_is(company: Company, tmp_path: Path) -> None:
    files = tuple(
        one.model_copy(update={"load": "full"}) if one.object == "Task" else one
        for one in some_of(company).mapping.files
    )
    company = replace(company, mapping=company.mapping.model_copy(update={"files": files}))
    with served_systems(company, tmp_path) as systems:
        for days in (1, 0):
            systems.read(company.now - timedelta(days=days))
    loads = [one for one in systems.landing.loads("files") if one.file == "Task"]
    assert [(one.kind, one.window_start) for one in loads] == [("full", None)] * 2
    read = rows(systems.landing, "salesforce_tasks.csv", "activities")
    assert read == rows(company.exported, "salesforce_tasks.csv", "activities")
