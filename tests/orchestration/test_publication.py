"""Publications: whole or not at all, equal or not, switched in one step."""

from __future__ import annotations

import signal
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import duckdb
import pytest

from ingestion.errors import TerminalError
from orchestration.publication import (
    CURRENT,
    DATABASE,
    KEPT,
    MANIFEST,
    Publication,
    current_publication,
    differences,
    publish,
    replaces,
)

if TYPE_CHECKING:
    from pathlib import Path

RUN = "0b5fd8a3-run"

SETUP = """
    create schema ops; create schema marts; create schema quality; create schema agreement;
    create schema staging;
    create table ops.run_context as
        select 'acme' as data_set, timestamp '2026-02-01' as as_of, date '2026-01-31' as as_of_date,
            timestamp '2026-02-02 03:04:05' as loads_until, 1 as agreement_version;
    create table agreement.settings as
        select 1 as version, false as publish_personal_details, 'revenue-ops' as alert_contact;
    create table marts.dim_persons as
        select 'p' || i as person_key, i / 7 as score, null::date as seen_on
        from range(50) as r (i);
    comment on table marts.dim_persons is 'One row per person';
    comment on column marts.dim_persons.score is 'It''s a score';
    create table marts.dim_person_details as select 'p1' as person_key, 'a@b.example' as email;
    create table quality.findings as select 'x' as finding;
    create table quality.quarantined_rows as select 'private' as row_text;
    create table staging.stg_files__persons as select 1 as one;
"""


@pytest.fixture
def warehouse(tmp_path: Path) -> Path:
    path = tmp_path / "warehouse.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute(SETUP)
    return path


@pytest.fixture
def published(tmp_path: Path) -> Path:
    return tmp_path / "published"


def _change(warehouse: Path, statement: str) -> None:
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute(statement)


def _runs(published: Path) -> list[str]:
    return sorted(path.name for path in published.iterdir() if path.name != CURRENT)


def test_what_is_published(warehouse: Path, published: Path) -> None:
    publication = publish(warehouse, published, RUN)
    folder = published / publication.run
    assert (published / CURRENT).resolve() == folder
    assert sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.*")) == [
        "agreement/settings.parquet",
        DATABASE,
        MANIFEST,
        "marts/dim_persons.parquet",
        "quality/findings.parquet",
    ]
    assert publication.tables.keys() == {
        "agreement.settings",
        "marts.dim_persons",
        "quality.findings",
    }
    assert publication.tables["marts.dim_persons"].rows == 50
    assert (publication.as_of, publication.loads_until, publication.agreement_version) == (
        "2026-02-01T00:00:00Z",
        "2026-02-02T03:04:05Z",
        1,
    )
    assert (publication.run_id, publication.engine) == (RUN, f"DuckDB v{duckdb.__version__}")
    assert publication.alert_contact == "revenue-ops"
    assert current_publication(published) == publication
    with duckdb.connect(str(published / CURRENT / DATABASE), read_only=True) as connection:
        assert connection.sql("select count(*) from marts.dim_persons").fetchall() == [(50,)]
        comments = connection.sql(
            "select comment from duckdb_columns() where comment is not null"
        ).fetchall()
        assert comments == [("It's a score",)]
        parquet = folder / "marts" / "dim_persons.parquet"
        assert (
            connection.sql(f"from marts.dim_persons except all from '{parquet}'").fetchall() == []
        )


def test_personal_details_only_if_the_agreement_says_so(warehouse: Path, published: Path) -> None:
    _change(warehouse, "update agreement.settings set publish_personal_details = true")
    assert "marts.dim_person_details" in publish(warehouse, published, RUN).tables


def test_nothing_is_published_of_nothing(warehouse: Path, published: Path) -> None:
    _change(warehouse, "drop schema marts cascade")
    with pytest.raises(TerminalError, match="the warehouse has no marts"):
        publish(warehouse, published, RUN)
    assert current_publication(published) is None


def test_equal_tables_have_equal_digests_in_any_order(warehouse: Path, published: Path) -> None:
    first = publish(warehouse, published, RUN)
    _change(
        warehouse,
        "create or replace table marts.dim_persons as"
        " select person_key, score - 1e-15 as score, seen_on from marts.dim_persons"
        " order by person_key desc",
    )
    second = publish(warehouse, published, RUN)
    assert (second.run > first.run, differences(first.tables, second.tables)) == (True, [])


@pytest.mark.parametrize(
    "change",
    [
        "update marts.dim_persons set score = score + 0.001 where person_key = 'p3'",
        "update marts.dim_persons set seen_on = date '2026-01-01' where person_key = 'p3'",
        "insert into marts.dim_persons from marts.dim_persons where person_key = 'p3'",
        "delete from marts.dim_persons where person_key = 'p3'",
        "alter table marts.dim_persons rename column seen_on to met_on",
        "alter table marts.dim_persons alter seen_on type timestamp",
        # The same letters, cut elsewhere.
        "update marts.dim_persons set person_key = 'p3\",' where person_key = 'p3'",
    ],
)
def test_a_change_shows(warehouse: Path, published: Path, change: str) -> None:
    first = publish(warehouse, published, RUN)
    _change(warehouse, change)
    second = publish(warehouse, published, RUN)
    assert differences(first.tables, second.tables) == ["marts.dim_persons"]


def test_a_table_that_comes_or_goes_is_a_difference(warehouse: Path, published: Path) -> None:
    first = publish(warehouse, published, RUN)
    _change(warehouse, "drop table quality.findings; create table marts.dim_dates as select 1 as d")
    second = publish(warehouse, published, RUN)
    assert differences(first.tables, second.tables) == ["marts.dim_dates", "quality.findings"]


def test_beside_the_current_one(warehouse: Path, published: Path) -> None:
    current = publish(warehouse, published, RUN)
    beside = publish(warehouse, published, RUN, is_beside=True)
    assert (published / beside.run / DATABASE).is_file()
    assert current_publication(published) == current


@pytest.mark.parametrize(
    ("as_of", "loads_until", "answer"),
    [
        ("2026-02-01", None, True),
        ("2026-02-02", None, True),
        ("2026-01-31", None, False),
        ("2026-02-02", "2026-02-01", False),
        ("2026-02-02", "2026-02-03", True),
    ],
)
def test_who_replaces_the_current_one(
    warehouse: Path, published: Path, as_of: str, loads_until: str | None, answer: bool
) -> None:
    current = publish(warehouse, published, RUN)
    moments = [
        datetime.fromisoformat(one).replace(tzinfo=UTC) if one else None
        for one in (as_of, loads_until)
    ]
    assert moments[0] is not None
    assert replaces(current, moments[0], moments[1]) is answer
    assert replaces(None, moments[0], moments[1])


def test_the_last_few_stay_and_always_the_current_one(warehouse: Path, published: Path) -> None:
    current = publish(warehouse, published, RUN)
    beside = [publish(warehouse, published, RUN, is_beside=True).run for _ in range(KEPT + 2)]
    assert _runs(published) == [current.run, *beside[-KEPT:]]
    assert current_publication(published) == current


def test_an_open_reader_keeps_what_it_opened(warehouse: Path, published: Path) -> None:
    publish(warehouse, published, RUN)
    reader = duckdb.connect(str((published / CURRENT).resolve() / DATABASE), read_only=True)
    _change(warehouse, "delete from marts.dim_persons")
    for _ in range(KEPT + 1):
        publish(warehouse, published, RUN)
    # Its folder is gone by now; the file is not while it is open.
    assert reader.sql("select count(*) from marts.dim_persons").fetchall() == [(50,)]
    reader.close()
    with duckdb.connect(str(published / CURRENT / DATABASE), read_only=True) as connection:
        assert connection.sql("select count(*) from marts.dim_persons").fetchall() == [(0,)]


# The process kills itself at the n-th call of a function on the way of a publication.
KILLED = """
import os, signal, sys
from pathlib import Path
from orchestration import publication

def until(function, calls=[0]):
    def wrapped(*arguments, **options):
        calls[0] += 1
        if calls[0] == int(sys.argv[4]):
            os.kill(os.getpid(), signal.SIGKILL)
        return function(*arguments, **options)
    return wrapped

setattr(publication, sys.argv[3], until(getattr(publication, sys.argv[3])))
publication.publish(Path(sys.argv[1]), Path(sys.argv[2]), "killed-run")
"""


@pytest.mark.parametrize(
    ("function", "calls"),
    [("_copy", 1), ("_copy", 2), ("_digest", 1), ("_sync", 1), ("_sync", 6), ("_switch", 1)],
)
def test_killed_in_the_middle(warehouse: Path, published: Path, function: str, calls: int) -> None:
    former = publish(warehouse, published, RUN)
    command = [sys.executable, "-c", KILLED, str(warehouse), str(published), function, str(calls)]
    assert subprocess.run(command, check=False).returncode == -signal.SIGKILL
    assert current_publication(published) == former
    with duckdb.connect(str(published / CURRENT / DATABASE), read_only=True) as connection:
        assert connection.sql("select count(*) from marts.dim_persons").fetchall() == [(50,)]
    following = publish(warehouse, published, RUN)
    assert current_publication(published) == following
    assert list(published.glob(".*")) == []


def test_a_damaged_manifest_is_named(warehouse: Path, published: Path) -> None:
    publication = publish(warehouse, published, RUN)
    path = published / publication.run / MANIFEST
    path.chmod(0o644)
    path.write_text("{}")
    with pytest.raises(TerminalError, match="the manifest of the current publication is damaged"):
        current_publication(published)


def test_the_manifest_reads_back() -> None:
    publication = Publication(
        run="r",
        run_id="i",
        data_set="d",
        as_of="2026-02-01T00:00:00Z",
        as_of_date="2026-01-31",
        loads_until=None,
        created_at="2026-02-02T00:00:00Z",
        agreement_version=1,
        is_beside=False,
        engine="DuckDB",
    )
    assert Publication.from_json(publication.to_json()) == publication
    assert Publication.from_json(replace(publication, run="s").to_json()).run == "s"
    # One that was made before it named whom to tell is still served.
    former = publication.to_json().replace(' "alert_contact": "",\n', "")
    assert "alert_contact" not in former
    assert Publication.from_json(former) == publication
