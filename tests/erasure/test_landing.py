"""What an erasure takes out of the landing, what it leaves, and what lands afterwards."""

from __future__ import annotations

import hashlib
import hmac
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import pyarrow as pa
import pytest

from ingestion.erasure import (
    VARIABLE,
    Secret,
    find_traces,
    finish_erasure,
    land_erased_keys,
    read_erased_keys,
    unfinished_erasures,
)
from ingestion.errors import TerminalError
from ingestion.files.entities import ENTITIES
from ingestion.files.personal import KEPT, PERSONAL
from ingestion.files.rewriting import rewrite_loads
from ingestion.landing import Landing
from orchestration.workspace import PROJECT
from tests.erasure.company import (
    EMAIL,
    JANE,
    KEY,
    PERSON_KEY,
    land,
    search,
    write_exports,
)

if TYPE_CHECKING:
    from ingestion.files import Mapping


@pytest.fixture(autouse=True)
def secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, KEY)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_exports(tmp_path / "exports")
    return tmp_path / "exports"


@pytest.fixture
def landing(tmp_path: Path) -> Landing:
    return Landing(tmp_path / "landing")


def erase(landing: Landing, mapping: Mapping, asked: str = PERSON_KEY) -> None:
    found = search(landing, mapping).find(asked)
    load = land_erased_keys(landing, found.keys)
    erased = read_erased_keys(landing)
    assert erased is not None
    rewrite_loads(landing, mapping, erased)
    finish_erasure(landing, load.load_id)


def rows(landing: Landing, entity: str, kind: str = "part") -> list[dict[str, Any]]:
    return [
        row
        for one in landing.loads("files")
        if one.object == entity
        for row in landing.read(one, kind).to_pylist()  # type: ignore[arg-type]
    ]


def by_id(landing: Landing, entity: str) -> dict[str, dict[str, Any]]:
    return {row["_record_id"]: row for row in rows(landing, entity)}


def left(landing: Landing) -> list[str]:
    traces = find_traces(landing_folder(landing), JANE)
    return [f"{one.path.parent.parent.name}: {one.place}" for one in traces]


def landing_folder(landing: Landing) -> Path:
    return Path(landing.url)


def test_every_field_of_a_person_is_personal_or_kept() -> None:
    assert sorted([*PERSONAL, *KEPT]) == sorted(ENTITIES["persons"])


def test_the_keyed_hash_is_hmac_sha256() -> None:
    for key in (KEY, "k" * 200):
        with duckdb.connect() as connection:
            Secret(key).define_hash(connection)
            found = connection.execute("select keyed_hash('email:jörg@x.example')").fetchone()
        told = hmac.new(key.encode(), "email:jörg@x.example".encode(), hashlib.sha256)
        assert found == (told.hexdigest(),)
    assert KEY not in repr(Secret(KEY))


def test_before_an_erasure_she_is_everywhere(landing: Landing, folder: Path) -> None:
    land(landing, folder)
    places = {one.split(":")[0] for one in left(landing)}
    assert places == {
        "persons", "activities", "field_changes", "opportunities", "opportunity_persons"
    }  # fmt: skip


def test_g26_nothing_of_her_is_left_and_every_row_is(landing: Landing, folder: Path) -> None:
    mapping = land(landing, folder)
    before = {one: rows(landing, one) for one in ENTITIES}
    aside = rows(landing, "persons", "set_aside")
    erase(landing, mapping)
    assert left(landing) == []
    assert len(rows(landing, "persons", "set_aside")) == len(aside) == 2
    may_change = {
        "persons": {"_record_id", *PERSONAL},
        "activities": {"subject", "person_id"},
        "opportunities": {"name"},
        "field_changes": {"old_value", "new_value"},
    }
    for entity in ENTITIES:
        after = rows(landing, entity)
        assert len(after) == len(before[entity])
        for was, now in zip(before[entity], after, strict=True):
            changed = {name for name in was if was[name] != now[name]} - {"_load_id", "_undeclared"}
            assert changed <= may_change.get(entity, set())


def test_g26_what_lands_in_the_place_of_her_values(landing: Landing, folder: Path) -> None:
    mapping = land(landing, folder)
    erase(landing, mapping)
    persons = by_id(landing, "persons")
    jane, contact, colleague = (persons[one] for one in ("L1", "C1", "L2"))
    assert (jane["first_name"], jane["last_name"], jane["company"]) == ("(erased)",) * 3
    # A placeholder names nobody: erased, it would count as given.
    assert contact["company"] == "-"
    assert (jane["phone"], contact["phone"]) == ("+00 (000) 000-0000", "+0 000 000 0000")
    assert (jane["title"], jane["status"], jane["status_at"]) == ("CFO", "A", "2026-01-20")
    assert jane["_undeclared"] == contact["_undeclared"] == "{}"
    # Records that shared an address still do; its domain is an account's.
    assert jane["email"] == contact["email"]
    assert jane["email"].startswith("erased-")
    assert jane["email"].endswith("@acme.example")
    # Where the address is the id, what stands in for it is, wherever it is referred to.
    assert persons[jane["email"]]["email"] == jane["email"]
    assert jane["email"] in [one["person_id"] for one in rows(landing, "activities")]
    # Of others only what is hers is gone: not a number that they share.
    assert colleague["email"] == "mary-jane.smith@acme.example"
    assert colleague["phone"] == "+1 555 000 0001"
    assert colleague["_undeclared"] == f'{{"remark":"her colleague is {jane["email"]}"}}'
    assert persons["L3"]["first_name"] == "Jane"


def test_texts_about_her_and_changes_of_her(landing: Landing, folder: Path) -> None:
    mapping = land(landing, folder)
    erase(landing, mapping)
    address = by_id(landing, "persons")["L1"]["email"]
    subjects = {one["_record_id"]: one["subject"] for one in rows(landing, "activities")}
    assert subjects["4"] == "Nothing of interest"
    calls = [one for one in rows(landing, "activities") if one["_export"] == "calls.csv"]
    assert [one["subject"] for one in calls[:4]] == [
        "(erased)",
        "(erased)",
        f"Send papers to {address} and to +00 (000) 000-0000",
        "Nothing of interest",
    ]
    changes = by_id(landing, "field_changes")
    assert [(one["old_value"], one["new_value"]) for one in changes.values()] == [
        ("M", "A"),
        (changes["2"]["old_value"], address),
        (None, "(erased)"),
        (None, "M"),
    ]
    assert changes["2"]["old_value"].endswith("@erased.example")
    deals = by_id(landing, "opportunities")
    assert (deals["D1"]["name"], deals["D2"]["name"]) == ("(erased)", "Acme: more licences")
    assert deals["D1"]["amount"] == "1000"
    assert by_id(landing, "opportunity_persons")["1"]["_undeclared"] == "{}"
    # One names her, the other one has her address: whatever else it has may name her too.
    texts = [one["row_text"] for one in rows(landing, "persons", "set_aside")]
    assert texts == ["(erased)", "(erased)"]


def test_the_superseded_load_holds_nothing_either(landing: Landing, folder: Path) -> None:
    mapping = land(landing, folder)
    calls = folder / "calls.csv"
    calls.write_text(calls.read_text().replace("Smithereens", "nobody"))
    land(landing, folder)
    (folder / "leads.csv").write_text(
        "\n".join(one for one in (folder / "leads.csv").read_text().splitlines() if "P1" not in one)
    )
    mapping = land(landing, folder)
    loads = landing.loads("files")
    superseded = len(landing.loads("files", with_superseded=True)) - len(loads)
    assert superseded == 2
    erase(landing, mapping)
    assert left(landing) == []
    again = landing.loads("files")
    assert [one.object for one in again] == [one.object for one in loads]
    assert [one.extracted_at for one in again] == [one.extracted_at for one in loads]
    assert len(landing.loads("files", with_superseded=True)) == len(loads) + superseded
    # What was replaced and is put back lands as a load of its own.
    write_exports(folder)
    land(landing, folder)
    assert len(landing.loads("files")) == len(loads)
    assert left(landing) == []
    assert len([one for one in rows(landing, "persons") if one["_source"] == "crm"]) == 5 + 20


def test_g26_what_comes_later_lands_without_her(landing: Landing, folder: Path) -> None:
    mapping = land(landing, folder)
    erase(landing, mapping)
    before = by_id(landing, "persons")
    # The same files again: nothing is read twice.
    loads = landing.loads()
    land(landing, folder)
    assert landing.loads() == loads
    # A later export under another name, with a new record of hers and her old address elsewhere.
    write_exports(folder, exported_at="2026-05-01")
    (folder / "leads.csv").rename(folder / "leads_may.csv")
    with (folder / "leads_may.csv").open("a") as file:
        file.write("N1, JANE.SMITH@acme.example,Jane,Smith,0171 555 0199,CFO,Acme,M,,,,,F1,Tea\n")
        file.write(f"N2,Jane,Smith,{EMAIL}\n")
    mapping = land(landing, folder)
    assert left(landing) == []
    persons = {
        one["_record_id"]: one
        for one in rows(landing, "persons")
        if f"{one['_exported_at']}" >= "2026-05"
    }
    texts = [one["row_text"] for one in rows(landing, "persons", "set_aside")]
    assert not [one for one in texts if "Jane,Smith" in one]
    new, jane = persons["N1"], before["L1"]
    assert (new["first_name"], new["email"]) == ("(erased)", jane["email"])
    assert new["_undeclared"] == "{}"
    assert persons["C1"]["email"] == jane["email"]
    calls = [one for one in rows(landing, "activities") if one["_file"] == "calls.csv"]
    assert [one["subject"] for one in calls[24:27]] == [one["subject"] for one in calls[:3]]
    assert persons["P3"]["email"] == "p3@else.example"


def test_what_only_a_link_makes_hers_goes_when_she_is_erased_again(
    landing: Landing, folder: Path
) -> None:
    erase(landing, land(landing, folder))
    with (folder / "leads.csv").open("a") as file:
        file.write("C9,another@private.example,Jane,Smith,,CFO,Acme,M,,,,,F1,\n")
    mapping = land(landing, folder)
    assert by_id(landing, "persons")["C9"]["first_name"] == "Jane"
    around = search(landing, mapping)
    resolved = [
        *around.resolved.to_pylist(),
        {"record_key": "crm/main/C9", "person_key": PERSON_KEY},
    ]
    around = replace(around, resolved=pa.Table.from_pylist(resolved))
    land_erased_keys(landing, around.find(PERSON_KEY).keys)
    erased = read_erased_keys(landing)
    assert erased is not None
    rewrite_loads(landing, mapping, erased)
    later = by_id(landing, "persons")["C9"]
    assert later["first_name"] == "(erased)"
    assert later["email"].endswith("@erased.example")


def test_what_others_have_too_stays_theirs(landing: Landing, folder: Path) -> None:
    with (folder / "leads.csv").open("a") as file:
        file.write(f"L5,{EMAIL},John,Smith,,,,M,2026-01-22,2026-01-07,,event,,\n")
    mapping = land(landing, folder)
    around = search(landing, mapping)
    resolved = around.resolved.to_pylist()
    resolved += [{"record_key": "crm/main/L5", "person_key": "crm/main/L5"}]
    around = replace(around, resolved=pa.Table.from_pylist(resolved))
    with pytest.raises(TerminalError, match=r"belongs to 2 persons \(crm/main/L1, crm/main/L5\)"):
        around.find(EMAIL)
    found = around.find(PERSON_KEY)
    assert found.shared == 2
    land_erased_keys(landing, found.keys)
    erased = read_erased_keys(landing)
    assert erased is not None
    rewrite_loads(landing, mapping, erased)
    persons = by_id(landing, "persons")
    assert persons["L5"]["email"] == EMAIL
    # Each record of hers has an address of its own: they were no link before either.
    assert persons["L1"]["email"] != persons["C1"]["email"]


def test_who_is_named_how(landing: Landing, folder: Path) -> None:
    mapping = land(landing, folder)
    around = search(landing, mapping)
    keys = [
        around.find(asked).keys.drop_columns("erased_at")
        for asked in (PERSON_KEY, "crm/main/C1", f" {EMAIL.upper()} ")
    ]
    assert keys[0].equals(keys[1])
    assert keys[0].equals(keys[2])
    for asked in ("nobody@acme.example", "crm/main/L99", "L1", "Jane Smith", "%", ""):
        with pytest.raises(TerminalError, match="nobody is found") as refused:
            around.find(asked)
        assert not asked or asked not in str(refused.value)


def test_what_lands_of_an_erasure_holds_no_value(landing: Landing, folder: Path) -> None:
    mapping = land(landing, folder)
    found = search(landing, mapping).find(EMAIL)
    assert {one.lower() for one in JANE[:4]} <= {one.lower() for one in found.values}
    assert not any(one.lower() in str(found).lower() for one in found.values)
    kinds = found.keys["kind"].to_pylist()
    assert {one: kinds.count(one) for one in kinds} == {
        "record": 3, "email": 2, "phone": 1, "mention": 2, "set_aside": 2, "mailbox": 1,
        "domain": 1,
    }  # fmt: skip
    assert found.counts == {
        "persons": 3, "activities": 3, "opportunities": 1, "field_changes": 3,
        "opportunity_persons": 1, "set_aside": 2,
    }  # fmt: skip
    assert found.shared == 1


def test_erasing_twice_is_harmless(landing: Landing, folder: Path) -> None:
    mapping = land(landing, folder)
    erase(landing, mapping)
    loads = landing.loads()
    for asked in (PERSON_KEY, EMAIL, "crm/main/C1"):
        assert search(landing, mapping).find(asked).keys.num_rows == 0
    erased = read_erased_keys(landing)
    assert erased is not None
    assert rewrite_loads(landing, mapping, erased) == []
    assert landing.loads() == loads
    # Somebody else after her: she stays erased, and so do what stands in for her addresses.
    jane = by_id(landing, "persons")["L1"]
    erase(landing, mapping, "crm/main/P7")
    assert by_id(landing, "persons")["P7"]["first_name"] == "(erased)"
    again = by_id(landing, "persons")["L1"]
    assert {**again, "_load_id": ""} == {**jane, "_load_id": ""}


def test_without_the_key_nothing_lands(
    landing: Landing, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mapping = land(landing, folder)
    erase(landing, mapping)
    write_exports(folder, exported_at="2026-05-01")
    loads = landing.loads()
    for given, words in (
        ("", "is not set"),
        ("short", "less than 16 characters"),
        ("another key than the one before", "not the key that the erasures"),
    ):
        monkeypatch.setenv(VARIABLE, given)
        with pytest.raises(TerminalError, match=words) as refused:
            land(landing, folder)
        assert refused.value.where == VARIABLE
    assert landing.loads() == loads


def test_only_what_is_rewritten_may_be_removed(landing: Landing, folder: Path) -> None:
    land(landing, folder)
    with pytest.raises(ValueError, match="no load rewrites"):
        landing.remove(landing.loads("files")[0])


def test_a_backup_that_is_restored_is_erased_again(landing: Landing, folder: Path) -> None:
    mapping = land(landing, folder)
    backup = folder.parent / "backup"
    shutil.copytree(landing_folder(landing), backup)
    erase(landing, mapping)
    shutil.copytree(landing_folder(landing) / "erasures", backup / "erasures")
    restored = Landing(backup)
    assert unfinished_erasures(restored) == []
    shutil.rmtree(backup / "erasures" / "main" / "finished")
    assert len(unfinished_erasures(restored)) == 1
    erased = read_erased_keys(restored)
    assert erased is not None
    rewrite_loads(restored, mapping, erased)
    assert left(restored) == []


# Forks children that are killed at a touch of the landing's files, evenly spread over all touches;
# the first one is left alone and counts them.
PROGRAM = """
import os, shutil, signal, sys
from pathlib import Path
from ingestion.erasure import read_erased_keys
from ingestion.files import find_mapping
from ingestion.files.rewriting import rewrite_loads
from ingestion.landing import Landing

root, kills = Path(sys.argv[1]), int(sys.argv[2])
EVENTS = {"open", "os.mkdir", "os.rename", "os.remove", "os.rmdir", "shutil.rmtree"}

def child(step):
    top = str(root / str(step))
    touches = 0
    def stop(event, args):
        nonlocal touches
        if event not in EVENTS or not str(args[0]).startswith(top):
            return
        if event == "open" and "r" in str(args[1]):
            return
        touches += 1
        if touches == step:
            os.kill(os.getpid(), signal.SIGKILL)
    sys.addaudithook(stop)
    landing = Landing(top)
    rewrite_loads(landing, find_mapping(root / "exports"), read_erased_keys(landing))
    if step == 0:
        (root / "touches").write_text(str(touches))

def forked(step):
    shutil.copytree(root / "landing", root / str(step))
    pid = os.fork()
    if pid == 0:
        child(step)
        os._exit(0)
    return os.waitpid(pid, 0)[1]

assert forked(0) == 0
touches = int((root / "touches").read_text())
for step in range(1, touches + 1, touches // kills):
    assert forked(step) == signal.SIGKILL
    print(step)
"""


@pytest.mark.long
def test_g26_killed_at_any_moment_the_next_run_ends_it(landing: Landing, folder: Path) -> None:
    mapping = land(landing, folder)
    found = search(landing, mapping).find(PERSON_KEY)
    load = land_erased_keys(landing, found.keys)
    assert unfinished_erasures(landing) == [load.load_id]
    root = landing_folder(landing).parent
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(root), "12"],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        timeout=600,
        check=True,
    )
    steps = done.stdout.split()
    assert len(steps) >= 12
    whole = Landing(root / "0")
    for step in steps:
        killed = Landing(root / step)
        killed.sweep()
        erased = read_erased_keys(killed)
        assert erased is not None
        rewrite_loads(killed, mapping, erased)
        assert left(killed) == []
        assert {one: rows(killed, one) for one in ENTITIES} == {
            one: rows(whole, one) for one in ENTITIES
        }
        names = {one.load_id for one in killed.loads("files", with_superseded=True)}
        assert names == {one.load_id for one in whole.loads("files", with_superseded=True)}


def test_values_that_name_nobody_stay_and_become_no_address(landing: Landing, folder: Path) -> None:
    """What linked no records before must not do so afterwards."""
    given = ["info@acme.example", "NoReply+1@acme.example", "a@x.invalid", "Jane <j@acme.example>"]
    given += ["at home", "jane@localhost", "123"]
    with (folder / "leads.csv").open("a") as file:
        for number, mail in enumerate(given):
            file.write(f"X{number},{mail},Jane,Smith,,,,M,2026-01-22,2026-01-07,,event,,\n")
    mapping = land(landing, folder)
    around = search(landing, mapping)
    added = [{"record_key": f"crm/main/X{one}", "person_key": PERSON_KEY} for one in range(7)]
    around = replace(around, resolved=pa.Table.from_pylist(around.resolved.to_pylist() + added))
    land_erased_keys(landing, around.find(PERSON_KEY).keys)
    erased = read_erased_keys(landing)
    assert erased is not None
    rewrite_loads(landing, mapping, erased)
    persons = by_id(landing, "persons")
    assert [persons[f"X{one}"]["email"] for one in range(7)] == [
        *given[:3], "(erased)", "(erased)", "(erased)", "123"
    ]  # fmt: skip
