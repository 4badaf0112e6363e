"""The files of a company: the same bytes again, a mapping that names them, days that add up."""

from __future__ import annotations

import json
import re
from datetime import date
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from ingestion.agreement import read_agreement
from ingestion.errors import TerminalError
from ingestion.files import find_mapping, land_file, read_mapping, unnamed_files
from ingestion.files.entities import LIST_FIELDS, SEPARATOR
from ingestion.landing import Landing
from ingestion.sandbox.__main__ import main
from ingestion.sandbox.clock import HOUR
from ingestion.sandbox.company.company import simulate
from ingestion.sandbox.exports.unusable import PLANS
from ingestion.sandbox.mess import PROFILES, with_rate
from ingestion.sandbox.settings import SYSTEMS, Settings
from ingestion.sandbox.systems import salesforce
from ingestion.sandbox.systems.held import MAIN
from ingestion.sandbox.systems.landscape import hold_systems
from ingestion.sandbox.written import Written, read_written, write_company
from tests.ingestion.sandbox.companies import AWFUL, CLEAN, USUAL

if TYPE_CHECKING:
    from pathlib import Path

    from ingestion.files.mapping import Export
    from ingestion.sandbox.mess import Mess
    from ingestion.sandbox.settings import SetUp
    from ingestion.sandbox.systems.stored import Stored

PEOPLE = 300
# Lists that no chance is in, or that are empty in a small company.
ALIKE = re.compile(
    r"mapping\.yml|traits\.parquet|.*(currency_types|statuses|stages|queues|campaigns|delete_lead|marketo_emails"
    r"|landing_pages)\.csv"
)
SET_UPS = pytest.mark.parametrize("set_up", SYSTEMS)
LANDSCAPES = pytest.mark.parametrize(
    ("set_up", "instances"), [(set_up, number) for set_up in SYSTEMS for number in (1, 2)]
)


@pytest.fixture(scope="module")
def companies(tmp_path_factory: pytest.TempPathFactory) -> Companies:
    return Companies(tmp_path_factory.mktemp("companies"))


class Companies:
    """Companies on disk, each written once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def written(
        self, set_up: SetUp = "salesforce_marketo", instances: int = 1, mess: Mess = USUAL
    ) -> tuple[Path, Written]:
        name = next(name for name, one in PROFILES.items() if one == mess)
        folder = self._folder / f"{set_up}_{instances}_{name}"
        settings = Settings(people=PEOPLE, mess=mess, set_up=set_up, instances=instances)
        return folder, read_written(folder) or write_company(folder, settings)


def files(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def read(path: Path) -> pd.DataFrame:
    return pd.read_csv(path, dtype=str, keep_default_na=False)


def tables(folder: Path) -> dict[str, pd.DataFrame]:
    return {path.name: read(path) for path in sorted(folder.glob("*.csv"))}


@SET_UPS
def test_the_same_settings_give_the_same_bytes(tmp_path: Path, set_up: SetUp) -> None:
    for name in ("one", "two"):
        write_company(tmp_path / name, Settings(people=200, set_up=set_up))
    assert files(tmp_path / "one") == files(tmp_path / "two")


def test_another_seed_gives_other_files(tmp_path: Path) -> None:
    for name, seed in (("one", 7), ("other", 8)):
        write_company(tmp_path / name, Settings(people=200, seed=seed))
    one, other = files(tmp_path / "one"), files(tmp_path / "other")
    assert one.keys() == other.keys()
    same = {name for name, text in one.items() if other[name] == text}
    assert "exports/mapping.yml" in same
    assert all(ALIKE.fullmatch(name.rpartition("/")[2]) for name in same)


@LANDSCAPES
def test_the_mapping_is_valid_and_names_files_that_are_there(
    companies: Companies, set_up: SetUp, instances: int
) -> None:
    folder, written = companies.written(set_up, instances)
    exports = folder / "exports"
    mapping = read_mapping(exports / "mapping.yml")
    named = {one.file for one in mapping.files}
    assert named <= {path.name for path in exports.iterdir()}
    assert named <= written.rows.keys()
    assert mapping.name == "sample_company"
    assert mapping.as_of == date(2025, 12, 31)
    assert {one.exported_at.isoformat() for one in mapping.files} == {"2026-01-01T11:00:00+00:00"}
    assert {one.load for one in mapping.files} == {"full"}
    assert {one.instance for one in mapping.files} == set(("main", "emea")[:instances])
    systems = {one.system for one in mapping.files}
    assert systems == {*SYSTEMS[set_up], "billing"}


@SET_UPS
def test_the_agreement_of_another_set_up_speaks_of_its_systems(
    companies: Companies, set_up: SetUp
) -> None:
    exports = companies.written(set_up)[0] / "exports"
    mapping = read_mapping(exports / "mapping.yml")
    path = exports / "agreement.yml"
    assert path.exists() == (set_up != "salesforce_marketo") == (mapping.agreement is not None)
    if path.exists():
        agreement = read_agreement(path)
        version = agreement.versions[0]
        assert {stage.authority for stage in version.stages} - {None} == {SYSTEMS[set_up][0]}
        words = path.read_text(encoding="utf-8").split()
        assert not {"salesforce", "marketo"} - set(SYSTEMS[set_up]) & set(words)


def _labels(export: Export, rows: pd.DataFrame) -> set[tuple[str, str]]:
    """Values of mapped columns for which the mapping has no meaning."""
    return {
        (column.column, value)
        for field, column in export.columns.items()
        if column.map is not None and column.column and export.other(field) != "false"
        if field != "field" and column.other is None
        for value in _single(export, field, rows[column.column]) - column.map.keys() - {"", "null"}
    }


def _single(export: Export, field: str, cells: pd.Series) -> set[str]:
    """Values one by one, where a cell may hold several."""
    if (export.entity, field) not in LIST_FIELDS:
        return set(cells)
    separator = export.columns[field].separator or SEPARATOR
    return {value.strip() for cell in set(cells) for value in cell.split(separator)}


def test_every_label_has_a_meaning_but_parked(companies: Companies) -> None:
    exports = companies.written("salesforce_marketo", 1, AWFUL)[0] / "exports"
    unknown = {}
    for export in read_mapping(exports / "mapping.yml").files:
        rows = read(exports / export.file)
        if export.entity == "field_changes":
            column = export.columns["field"]
            if column.map is not None:  # other fields are not translated, nor are ids
                named = {name for name, field in column.map.items() if not field.endswith("_id")}
                rows = rows[rows[column.column].isin(named)]
        if found := _labels(export, rows):
            unknown[export.file] = found
    assert unknown.keys() == {"salesforce_leads.csv", "salesforce_lead_history.csv"}
    assert {value for found in unknown.values() for _, value in found} == {"Parked"}


@LANDSCAPES
def test_what_the_note_counts_is_in_the_files(
    companies: Companies, set_up: SetUp, instances: int
) -> None:
    folder, written = companies.written(set_up, instances)
    assert written.people == PEOPLE
    assert written.rows == {name: len(rows) for name, rows in tables(folder / "exports").items()}
    assert read_written(folder) == written
    assert json.loads((folder / "written.json").read_text())["people"] == PEOPLE


@SET_UPS
def test_what_is_unusable_is_set_aside_when_it_lands(
    companies: Companies, tmp_path: Path, set_up: SetUp
) -> None:
    folder, written = companies.written(set_up, 1, AWFUL)
    exports = folder / "exports"
    mapping = find_mapping(exports)
    landing = Landing(tmp_path / "landing")
    landed = {one.file: land_file(landing, mapping, one, exports) for one in mapping.files}
    set_aside = {file: one.set_aside for file, one in landed.items() if one.set_aside}
    assert set_aside == written.set_aside
    assert all(one.delivered == written.rows[file] for file, one in landed.items())
    unnamed = set(unnamed_files(mapping, exports))
    assert unnamed == written.rows.keys() - landed.keys()


def test_planted_rows_are_at_the_end_and_as_many_as_noted(companies: Companies) -> None:
    clean, messy = (companies.written(mess=mess) for mess in (CLEAN, AWFUL))
    assert clean[1].set_aside == clean[1].quarantined == {}
    folder, written = messy
    systems = {"salesforce", "marketo", "billing"}
    planned = {f"{name}.csv" for name in PLANS if name.partition("_")[0] in systems}
    assert written.set_aside.keys() | written.quarantined.keys() == planned
    for file in planned:
        plan = PLANS[file.removesuffix(".csv")]
        rows = read(folder / "exports" / file)
        count = max(1, round(AWFUL.unusable_row * (len(rows) - 2)))
        assert written.set_aside.get(file, 0) == count * (
            plan.without_key + plan.again + 2 * bool(plan.contradiction)
        )
        assert written.quarantined.get(file, 0) == count * bool(plan.date)
        planted = written.set_aside.get(file, 0) + written.quarantined.get(file, 0)
        head, tail = rows[:-planted], rows[-planted:]
        null = "null" if file.startswith("marketo") else ""
        assert head[plan.key].is_unique
        assert not head[plan.key].isin(["", null]).any()
        assert (tail[plan.key] == null).sum() == count * plan.without_key
        if plan.date:
            assert tail[plan.date].str.startswith("2025-02-30").sum() == count


def test_a_company_that_cannot_be_is_not_written(tmp_path: Path) -> None:
    assert main([str(tmp_path / "company"), "--people", "5"]) == 1
    assert not (tmp_path / "company").exists()


def test_a_folder_with_something_in_it_is_refused(tmp_path: Path) -> None:
    exports = tmp_path / "exports"
    exports.mkdir()
    (exports / "mine.txt").write_text("mine")
    with pytest.raises(TerminalError, match="something here already"):
        write_company(tmp_path, Settings(people=100))
    assert [path.name for path in tmp_path.rglob("*")] == ["exports", "mine.txt"]


def test_what_a_crash_left_is_replaced(tmp_path: Path) -> None:
    draft = tmp_path / ".exports.draft"
    draft.mkdir()
    (draft / "half.csv").write_text("Id\n")
    write_company(tmp_path, Settings(people=100))
    assert not draft.exists()
    assert not (tmp_path / "exports" / "half.csv").exists()


def test_a_folder_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(TerminalError, match="cannot write the exports"):
        write_company(tmp_path / "file", Settings(people=100))


@SET_UPS
def test_days_put_together_are_what_is_there_at_the_end(set_up: SetUp) -> None:
    """Whoever keeps the latest version of each record misses nothing.

    What is purged, deleted or merged away leaves no increment: so this holds without mess.
    """
    settings = Settings(people=1_000, mess=CLEAN, set_up=set_up)
    changed = 0
    mornings = [settings.end + (6 - 24 * days) * HOUR for days in range(21, -1, -1)]
    for held in hold_systems(simulate(settings)):
        for stem, stored in held.objects.items():
            whole = stored.at(mornings[-1])
            # The places of records stand for them: not every object has an id.
            first = stored.at(mornings[0]).to_pylist()
            latest = dict(zip(_places(stored, mornings[0]), first, strict=True))
            for since, until in pairwise(mornings):
                rows = stored.between(since, until).to_pylist()
                changed += len(rows)
                latest |= dict(zip(_new(stored, since, until), rows, strict=True))
            wanted = dict(zip(_places(stored, mornings[-1]), whole.to_pylist(), strict=True))
            assert latest == wanted, (held.system, stem)
    assert changed > 300


def _places(stored: Stored, moment: float) -> list[int]:
    is_shown = (stored.shown_from <= moment) & (moment < stored.shown_until)
    return stored.record[is_shown].tolist()


def _new(stored: Stored, since: float, until: float) -> list[int]:
    is_new = (since <= stored.shown_from) & (stored.shown_from < until)
    return stored.record[is_new & (stored.shown_until >= until)].tolist()


def test_daily_folders_put_together_are_the_full_export(tmp_path: Path) -> None:
    settings = Settings(people=400, mess=CLEAN, instances=2)
    write_company(tmp_path / "full", settings)
    write_company(tmp_path / "daily", settings, daily_from=date(2025, 12, 26))
    days = sorted((tmp_path / "daily" / "exports").iterdir())
    assert [day.name for day in days] == [f"2025-12-{one}" for one in range(26, 32)]
    full = tmp_path / "full" / "exports"
    for export in read_mapping(full / "mapping.yml").files:
        rows = read(full / export.file)
        parts = pd.concat([read(day / export.file) for day in days], ignore_index=True)
        latest = parts.drop_duplicates(list(export.key), keep="last")
        key = list(export.key)
        pd.testing.assert_frame_equal(
            latest.sort_values(key, ignore_index=True), rows.sort_values(key, ignore_index=True)
        )
    first, later = (read_mapping(day / "mapping.yml") for day in (days[0], days[3]))
    assert {one.load for one in first.files} == {"full"}
    assert {one.load for one in later.files} == {"append"}
    assert later.as_of == date(2025, 12, 29)
    assert (tmp_path / "full" / "truth" / "passes.parquet").read_bytes() == (
        tmp_path / "daily" / "truth" / "passes.parquet"
    ).read_bytes()


def test_days_bring_unusable_rows_only_with_the_first_full_export(tmp_path: Path) -> None:
    settings = Settings(people=200, mess=with_rate(USUAL, "unusable_row", 0.01))
    written = write_company(tmp_path, settings, daily_from=date(2025, 12, 29))
    folders = sorted((tmp_path / "exports").iterdir())
    planted = [
        read(folder / "salesforce_leads.csv")["Id"].str.endswith("X").sum() for folder in folders
    ]
    assert planted[0] == written.set_aside["salesforce_leads.csv"]
    assert planted[1:] == [0, 0]


def test_a_late_commit_comes_with_a_later_export() -> None:
    mess = with_rate(CLEAN, "late_commit", 1)
    company = simulate(Settings(people=4_000, mess=mess))
    everybody = np.ones(len(company.people), dtype=bool)
    leads = salesforce.hold(company, everybody, MAIN).objects["leads"]
    late = 0
    for days in range(365):
        until = company.settings.end + (6 - 24 * days) * HOUR
        rows = leads.between(until - 24 * HOUR, until)
        stamps = rows.column("SystemModstamp").cast("int64").to_numpy()
        late += int((stamps < until - 24 * HOUR).sum())
        assert (stamps >= until - 25 * HOUR).all()
    assert late > 0


def test_two_instances_have_files_of_their_own(companies: Companies) -> None:
    exports = companies.written("salesforce_marketo", 2)[0] / "exports"
    names = {path.name for path in exports.glob("*.csv")}
    main_ones = {one for one in names if one.startswith(("salesforce_", "marketo_"))}
    emea = {one for one in main_ones if "_emea_" in one}
    assert {one.replace("_emea_", "_") for one in emea} == main_ones - emea
    people = read(exports / "salesforce_leads.csv"), read(exports / "salesforce_emea_leads.csv")
    assert set(people[0]["CountryCode"]) == {"US", "CA", "MX"}
    assert {"GB", "DE"} <= set(people[1]["CountryCode"]) <= {"GB", "DE", "FR", "NL"}
    assert not any("billing_emea" in one for one in names)
    # Marketo numbers its leads alike in each instance.
    marketo = [set(read(exports / f"marketo_{one}leads.csv")["id"]) for one in ("", "emea_")]
    assert marketo[0] & marketo[1]


def test_the_command_prints_a_line_for_each_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "company"
    command = [str(folder), "--people", "150", "--seed", "3", "--set-up", "hubspot"]
    assert main([*command, "--mess", "awful"]) == 0
    lines = capsys.readouterr().out.splitlines()
    written = read_written(folder)
    assert written is not None
    assert len(lines) == len(written.rows)
    assert any(line.startswith("hubspot_contacts.csv: ") for line in lines)
    assert any(line.endswith(", 1 unusable") for line in lines)
    assert main(command) == 1
    assert "Remove it, or name another folder" in capsys.readouterr().err


def test_where_nothing_was_written_there_is_no_note(tmp_path: Path) -> None:
    assert read_written(tmp_path) is None
