from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from ingestion.errors import TerminalError
from ingestion.sandbox import write_exports
from ingestion.sandbox.__main__ import main

if TYPE_CHECKING:
    from pathlib import Path

    from tests.ingestion.sandbox.conftest import Written


def _bytes(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_the_same_seed_gives_the_same_bytes(tmp_path: Path) -> None:
    for name, seed in (("one", 7), ("two", 7), ("other", 8)):
        write_exports(tmp_path / name, people=300, seed=seed)
    one, two, other = (_bytes(tmp_path / name) for name in ("one", "two", "other"))
    assert one == two
    assert {name for name, text in one.items() if other[name] == text} == {"crm_users.csv"}


def test_counts_are_those_of_the_files(written: Written) -> None:
    counts = written.counts
    assert counts.rows == {name: len(rows) for name, rows in written.files.items()}
    for file, rows in written.files.items():
        planted = counts.set_aside.get(file, 0) + counts.quarantined.get(file, 0)
        assert len(rows) - len(written.usable(file)) == planted

    deals = written.usable("crm_opportunities.csv")
    new_business = deals[deals["Type"] == "New Customer"]
    assert len(new_business) == counts.opportunities
    assert len(deals) - len(new_business) == counts.renewals
    assert (new_business["StageName"] == "Closed Won").sum() == counts.won
    assert (new_business["StageName"] == "Closed Lost").sum() == counts.lost


def test_every_human_has_one_address(written: Written) -> None:
    addresses = {
        address.lower()
        for file, column in (
            ("marketing_leads.csv", "email"),
            ("crm_leads.csv", "Email"),
            ("crm_contacts.csv", "Email"),
        )
        for address in written.files[file][column]
    }
    assert len(addresses) == written.counts.people


@pytest.mark.parametrize("people", [20, 50])
def test_small_companies_have_all_files(tmp_path: Path, people: int) -> None:
    for seed in range(5):
        counts = write_exports(tmp_path / f"{seed}", people=people, seed=seed)
        assert len(counts.rows) == 13
        assert counts.rows["marketing_leads.csv"] > people / 2


def test_five_thousand_people_take_seconds(tmp_path: Path) -> None:
    begin = time.process_time()
    write_exports(tmp_path / "exports", people=5_000)
    assert time.process_time() - begin < 3


def test_a_folder_with_something_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(TerminalError, match="something here already"):
        write_exports(tmp_path, people=50)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_what_a_crash_left_is_replaced(tmp_path: Path) -> None:
    draft = tmp_path / ".exports.draft"
    draft.mkdir()
    (draft / "half.csv").write_text("Id\n")
    write_exports(tmp_path / "exports", people=50)
    assert not draft.exists()
    assert not (tmp_path / "exports" / "half.csv").exists()


def test_a_folder_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(TerminalError, match="cannot write the exports"):
        write_exports(tmp_path / "file" / "exports", people=50)


@pytest.mark.parametrize(("people", "seed"), [(19, 7), (50, -1)])
def test_a_company_that_cannot_be_is_refused(tmp_path: Path, people: int, seed: int) -> None:
    with pytest.raises(TerminalError, match="20 people or more"):
        write_exports(tmp_path / "exports", people=people, seed=seed)
    assert not (tmp_path / "exports").exists()


def test_the_command_prints_a_line_for_each_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "exports"
    assert main([str(folder), "--people", "50", "--seed", "3"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 13
    assert lines[0].startswith(f"{folder / 'marketing_leads.csv'}: ")
    assert lines[0].endswith(" rows, 2 unusable")
    assert main([str(folder)]) == 1
    assert "Remove it, or name another folder" in capsys.readouterr().err
