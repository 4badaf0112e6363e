"""What users of other connectors met with, by number: here it lands as it should.

S03, S08, S09, S10 and S15 are in the modules of what they are about. S18 (a lead and the contact
that it became) is in tests/warehouse/test_identity.py under the law's own ids; S04 and S16 are of
systems that are not read yet.
"""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from ingestion.connectors.credentials import salesforce_credentials
from ingestion.connectors.landed import Extract, land_extract
from ingestion.connectors.salesforce import Org
from ingestion.connectors.window import Window
from ingestion.files import Export, read_mapping
from ingestion.landing import Landing
from ingestion.sandbox.mess import PROFILES
from ingestion.sandbox.settings import Settings
from tests.ingestion.connectors.served_systems import (
    Company,
    exported_company,
    newest,
    served_systems,
    some_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path
    from typing import Any

    from ingestion.landing import Manifest

LEADS = ("salesforce_leads.csv", "persons")
HISTORY = ("salesforce_lead_history.csv", "field_changes")
SCORES = ("marketo_activities_change_score.csv", "field_changes")
SETTINGS = Settings(people=100, first_day=date(2025, 9, 1), mess=PROFILES["clean"])


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Company:
    return some_of(exported_company(tmp_path_factory.mktemp("company"), SETTINGS))


def assert_nothing_is_missing(company: Company, landing: Landing) -> None:
    for export in (LEADS, HISTORY, SCORES):
        assert newest(company.exported, *export) <= newest(landing, *export), export


def undeclared(landing: Landing, load: Manifest) -> set[str]:
    """Names of the columns that landed without a field of the mapping."""
    rows = landing.read(load).to_pylist()
    return {name for row in rows for name in json.loads(row["_undeclared"] or "{}")}


def loads_of(landing: Landing, name: str) -> list[Manifest]:
    return sorted(
        (
            one
            for one in landing.loads("files")
            if one.file == name and one.instance == "salesforce"
        ),
        key=lambda one: str(one.window_end),
    )


def test_s01_rows_that_appear_late_below_what_was_read_are_not_lost(
    company: Company, tmp_path: Path
) -> None:
    with served_systems(company, tmp_path, {"late_commit": 1.0}) as systems:
        for days in (2, 1):
            systems.read(company.now - timedelta(days=days))
        systems.calm()
        systems.read()
        assert_nothing_is_missing(company, systems.landing)


def test_s02_rows_of_the_moment_at_which_a_window_ends_are_in_one_of_the_two(
    company: Company, tmp_path: Path
) -> None:
    changed = sorted(row[-3] for row in newest(company.exported, *LEADS) if row[-3])
    seam = datetime.fromisoformat(changed[len(changed) // 2]).astimezone(UTC)
    without = tuple(
        one.model_copy(update={"look_back_minutes": 0}) for one in company.mapping.connections
    )
    mapping = company.mapping.model_copy(update={"connections": without})
    with served_systems(replace(company, mapping=mapping), tmp_path) as systems:
        systems.read(seam)
        systems.read()
        assert_nothing_is_missing(company, systems.landing)


def test_s05_without_a_first_day_the_oldest_record_is_read(
    company: Company, tmp_path: Path
) -> None:
    with served_systems(company, tmp_path) as systems:
        systems.read()
        (load,) = loads_of(systems.landing, "Lead")
        assert load.window_start is None
        assert_nothing_is_missing(company, systems.landing)


def test_s06_a_custom_field_is_read_as_soon_as_it_is_there(
    company: Company, tmp_path: Path
) -> None:
    with served_systems(company, tmp_path) as systems:
        systems.read(company.now - timedelta(days=60))
        systems.serving[0].faults.rates["schema_drift"] = 1.0
        found = systems.read()
        assert [one.error for one in found if one.error] == []
        before, after = (
            undeclared(systems.landing, one) for one in loads_of(systems.landing, "Lead")
        )
        assert {one for one in after - before if one.endswith("__c")}
        assert_nothing_is_missing(company, systems.landing)


def test_s07_formulas_are_not_read_for_they_change_without_a_sign(
    company: Company, tmp_path: Path
) -> None:
    (connection, _) = company.mapping.connections
    with served_systems(company, tmp_path) as systems:
        org = Org(connection.name, salesforce_credentials(connection))
        formulas = org.describe("Lead").formulas
        systems.read()
        (load,) = loads_of(systems.landing, "Lead")
        names = undeclared(systems.landing, load)
    assert names
    assert formulas
    assert not names & set(formulas)


def landed(folder: Path, header: str, lines: Iterable[str]) -> list[dict[str, Any]]:
    """What lands of the text of an extract, in its order."""
    text = '"' + header.replace(",", '","') + '"\n' + "".join(lines)
    path = folder / "rows.csv"
    path.write_text(text, encoding="utf-8", newline="")
    (folder / "mapping.yml").write_text(
        "{name: x, title: x, source_time_zone: America/New_York, reporting_time_zone: UTC,"
        " outcomes: won_only, files: [{file: leads.csv, object: Lead, system: salesforce,"
        " entity: persons, key: Id, columns: {first_name: Name, company: Company,"
        " converted_at: ConvertedDate, email: Email}}],"
        " connections: [{system: salesforce, connector: salesforce}]}"
    )
    mapping = read_mapping(folder / "mapping.yml")
    export: Export = mapping.files[0]
    landing = Landing(folder / "landing")
    window = Window(None, datetime(2026, 1, 1, tzinfo=UTC))
    load = land_extract(landing, mapping, export, Extract(path, window, len(list(lines)), False))
    return landing.read(load).sort_by("_line").to_pylist()


HEADER = "Id,Name,Company,ConvertedDate,Email"


@pytest.mark.parametrize(
    "text",
    ["two\nlines", 'a "quoted" word', "a\u2028b", "NA", "N/A", "null", "nan", "  ", "1,5", "=1+1"],
)
def test_s11_texts_land_as_they_are(text: str, tmp_path: Path) -> None:
    quoted = text.replace('"', '""')
    lines = [f'"00Q1","{quoted}","Ltd","",""\n', '"00Q2","","Ltd","",""\n']
    first, second = landed(tmp_path, HEADER, lines)
    assert first["first_name"] == text
    assert second["first_name"] is None


def test_s12_ids_and_numbers_stay_texts(tmp_path: Path) -> None:
    ids = ["001234567890123456", "1e12", "12345678901234567890", "0010"]
    lines = [f'"{one}","1.0","007","",""\n' for one in ids]
    found = landed(tmp_path, HEADER, lines)
    assert [one["_record_id"] for one in found] == ids
    assert {(one["first_name"], one["company"]) for one in found} == {("1.0", "007")}


def test_s13_ids_that_differ_in_case_are_two_and_addresses_stay_raw(tmp_path: Path) -> None:
    lines = ['"00Q5e0aB","A","","","Ann+x@Example.com "\n', '"00Q5e0Ab","B","","",""\n']
    found = landed(tmp_path, HEADER, lines)
    assert [one["_record_id"] for one in found] == ["00Q5e0aB", "00Q5e0Ab"]
    assert found[0]["email"] == "Ann+x@Example.com "


def test_s14_a_date_without_time_is_moved_to_no_other_day(tmp_path: Path) -> None:
    (found,) = landed(tmp_path, HEADER, ['"00Q1","A","","2026-03-31",""\n'])
    assert found["converted_at"] == "2026-03-31"


def test_s17_a_row_that_comes_twice_in_one_extract_is_there_once(tmp_path: Path) -> None:
    lines = ['"00Q1","A","Ltd","",""\n', '"00Q2","B","Ltd","",""\n', '"00Q1","A","Ltd","",""\n']
    found = landed(tmp_path, HEADER, lines)
    assert sorted(one["_record_id"] for one in found) == ["00Q1", "00Q2"]
