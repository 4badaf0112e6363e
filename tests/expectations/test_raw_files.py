"""What enters: the suites of export files, over a small landing in memory."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import duckdb
import pytest

from expectations.raw_files import LoadFormats, raw_suite, shape_of
from expectations.validation import Verdict, validate

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd


@pytest.fixture
def landing() -> Iterator[duckdb.DuckDBPyConnection]:
    """Ten persons in one load, all well."""
    with duckdb.connect() as connection:
        connection.execute(
            """
            create schema raw_files; create schema mapping; create schema ops;
            create table raw_files.persons as
                select 'crm' as _source, 'main' as _instance, 'first' as _load_id,
                    'id' || i as _record_id, '2026-01-01' as _cursor, 'leads.csv' as _file,
                    i + 1 as _line, '2025-12-' || i as created_at, null::varchar as status_at,
                    null::varchar as lifecycle_stage_at, 'Q' as status,
                    null::varchar as lifecycle_stage
                from range(10, 20) as r (i);
            create table mapping.value_maps (
                source varchar, instance varchar, entity varchar, field varchar,
                delivered_value varchar, canonical_value varchar);
            insert into mapping.value_maps values
                ('crm', 'main', 'persons', 'status', 'Q', 'qualified'),
                ('crm', 'main', 'persons', 'status', '*', 'unmapped');
            create table mapping.exports as
                select 'crm' as source, 'main' as instance, 'persons' as entity,
                    'leads.csv' as export;
            create table ops.loads (
                load_id varchar, instance varchar, entity varchar, kind varchar, export varchar,
                file varchar, exported_at timestamptz, extracted_at timestamptz,
                rows_delivered bigint, rows_landed bigint, rows_set_aside bigint,
                rows_reported bigint, formats map(varchar, varchar), is_newest boolean,
                rows_live bigint);
            insert into ops.loads values ('first', 'crm', 'persons', 'full', 'leads.csv',
                'leads.csv', '2026-01-01', '2026-01-02', 10, 10, 0, null, map(), true, null);
            create table ops.run_context as
                select timestamptz '2026-01-03 00:00:00' as as_of, 1 as agreement_version;
            """
        )
        yield connection


def _verdict(
    landing: duckdb.DuckDBPyConnection,
    agreement: dict[str, pd.DataFrame],
    formats: dict[str, str] | None = None,
    version: int = 1,
) -> Verdict:
    suite = raw_suite("persons", agreement, version, [LoadFormats("first", formats or {})])
    assert suite.name == "raw_files__persons"
    return validate(suite, lambda query: landing.execute(query).df())


def _broken(verdict: Verdict) -> list[tuple[str, str, int | None]]:
    assert verdict.errors == ()
    return [(one.severity, one.description, one.count) for one in verdict.failures]


def test_good_files_enter(
    landing: duckdb.DuckDBPyConnection, agreement: dict[str, pd.DataFrame]
) -> None:
    verdict = _verdict(landing, agreement)
    assert (_broken(verdict), verdict.rows) == ([], 10)


def test_without_a_load_nothing_is_expected(agreement: dict[str, pd.DataFrame]) -> None:
    assert raw_suite("products", agreement, 1, []).looks == ()


def test_an_id_is_there_and_comes_once(
    landing: duckdb.DuckDBPyConnection, agreement: dict[str, pd.DataFrame]
) -> None:
    landing.execute("update raw_files.persons set _record_id = null where _record_id = 'id10'")
    landing.execute("update raw_files.persons set _record_id = 'id12' where _record_id = 'id11'")
    verdict = _verdict(landing, agreement)
    assert _broken(verdict) == [
        ("critical", "every record has an id", 1),
        ("critical", "an id comes once in a load, or once for each version of the record", 2),
    ]
    assert verdict.failures[1].keys[0] == {
        "_file": "leads.csv",
        "_line": "12",
        "_record_id": "id12",
    }


def test_dates_of_another_format_are_stopped(
    landing: duckdb.DuckDBPyConnection, agreement: dict[str, pd.DataFrame]
) -> None:
    rule = "at least 90% of persons.created_at look like the format that the mapping names"
    assert _broken(_verdict(landing, agreement, {"*": "MM/DD/YYYY"})) == [("critical", rule, 10)]
    assert _broken(_verdict(landing, agreement, {"*": "DD.MM.YYYY", "created_at": "ISO"})) == []
    landing.execute("update raw_files.persons set created_at = 'soon' where _record_id = 'id10'")
    assert _broken(_verdict(landing, agreement)) == []
    landing.execute("update raw_files.persons set created_at = 'soon' where _record_id = 'id11'")
    assert _broken(_verdict(landing, agreement)) == [("critical", rule, 2)]


def test_a_mapping_that_misses_the_agreement_is_told(
    landing: duckdb.DuckDBPyConnection, agreement: dict[str, pd.DataFrame]
) -> None:
    landing.execute("update mapping.value_maps set canonical_value = 'good'")
    rule = (
        "at least one persons.status is a value that a criterion of the agreement looks at"
        " (qualified)"
    )
    assert _broken(_verdict(landing, agreement)) == [("warning", rule, 10)]


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ("rows_landed = 0, rows_delivered = 0", "no newest full export of persons is empty"),
        (
            "rows_landed = 7, rows_set_aside = 3",
            "at most 20% of a file's rows were set aside at landing",
        ),
    ],
)
def test_a_whole_file_that_went_wrong_is_stopped(
    landing: duckdb.DuckDBPyConnection,
    agreement: dict[str, pd.DataFrame],
    change: str,
    rule: str,
) -> None:
    landing.execute(f"update ops.loads set {change}")
    assert _broken(_verdict(landing, agreement)) == [("critical", rule, 1)]


def test_a_day_on_which_nothing_is_new_is_let_in(
    landing: duckdb.DuckDBPyConnection, agreement: dict[str, pd.DataFrame]
) -> None:
    landing.execute("update ops.loads set kind = 'increment', rows_landed = 0, rows_delivered = 0")
    assert _broken(_verdict(landing, agreement)) == []


# G62: the drop check (15 %) stops publication; a small increment does not.
@pytest.mark.parametrize(
    ("kind", "before", "is_stopped"),
    [("full", 11, False), ("full", 12, True), ("increment", 1000, False)],
)
@pytest.mark.parametrize(
    ("counted", "rule"),
    [
        (
            "rows_live",
            "a full export has at most 15% fewer live records than the one before",
        ),
        (
            "rows_reported",
            "the total that a source tells of itself is at most 15% below the one before",
        ),
    ],
)
def test_g62_partial_load(
    landing: duckdb.DuckDBPyConnection,
    agreement: dict[str, pd.DataFrame],
    *,
    kind: str,
    before: int,
    is_stopped: bool,
    counted: str,
    rule: str,
) -> None:
    landing.execute(f"update ops.loads set kind = ?, {counted} = 10", [kind])
    landing.execute(
        "insert into ops.loads select * replace ('before' as load_id, false as is_newest,"
        f" exported_at - interval 1 day as exported_at, $rows as {counted}) from ops.loads",
        {"rows": before},
    )
    stopped = [("critical", rule, 1)]
    assert _broken(_verdict(landing, agreement)) == (stopped if is_stopped else [])


@pytest.mark.parametrize(
    ("version", "hours", "severity"), [(1, 48, "warning"), (2, 24, "critical")]
)
def test_an_old_export_is_told_or_holds_the_publication(
    landing: duckdb.DuckDBPyConnection,
    agreement: dict[str, pd.DataFrame],
    version: int,
    hours: int,
    severity: str,
) -> None:
    oldest = f"update ops.loads set exported_at = timestamptz '2026-01-03' - interval {hours} hour"
    landing.execute(oldest)
    assert _broken(_verdict(landing, agreement, version=version)) == []
    landing.execute(f"{oldest} - interval 1 second")
    rule = f"an export is at most {hours} hours older than as_of"
    verdict = _verdict(landing, agreement, version=version)
    assert _broken(verdict) == [(severity, rule, 1)]
    assert verdict.failures[0].keys == ({"file": "leads.csv", "load_id": "first"},)
    assert verdict.is_blocking == (severity == "critical")
    # What the mapping names and nobody delivers is too old, what it names no longer is not.
    landing.execute("update mapping.exports set export = 'contacts.csv'")
    verdict = _verdict(landing, agreement, version=version)
    assert _broken(verdict) == [(severity, rule, 1)]
    never = {"file": "contacts.csv", "load_id": "never delivered"}
    assert verdict.failures[0].keys == (never,)
    landing.execute("delete from mapping.exports")
    assert _broken(_verdict(landing, agreement, version=version)) == []


@pytest.mark.parametrize(
    ("name", "fits", "fits_not"),
    [
        (
            "ISO",
            ["2026-01-31", "2026-01-31T09:30:00Z", "2026-01-31 09:30:00.123+02:00"],
            ["1/2/26"],
        ),
        ("DD.MM.YYYY", ["31.01.2026"], ["31-01-2026", "31.01.2026 09:30"]),
        ("YYYY/MM/DD HH:MM:SS", ["2026/01/31 09:30:00"], ["2026/01/31", "2026/01/31 09:30"]),
        ("DD-Mon-YYYY", ["31-Jan-2026"], ["31-01-2026"]),
        ("YYYYMMDD", ["20260131"], ["2026-01-31"]),
        ("epoch_milliseconds", ["1769850000000"], ["2026-01-31"]),
    ],
)
def test_shape_of_a_named_format(name: str, fits: list[str], fits_not: list[str]) -> None:
    assert [one for one in fits if not re.fullmatch(shape_of(name), one)] == []
    assert [one for one in fits_not if re.fullmatch(shape_of(name), one)] == []
