"""The bytes of CSV files, judged by Python's own csv and datetime."""

from __future__ import annotations

import csv
import io
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any, get_args
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingestion.sandbox.systems import dialect as dialects
from ingestion.sandbox.systems.columns import instants
from ingestion.sandbox.systems.dialect import Dialect, Instant, text_table, write_csv

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

NEW_YORK = ZoneInfo("America/New_York")
SALESFORCE = Dialect(null="", instant="milliseconds_z", quotes_everything=True)
MARKETO = Dialect(null="null", instant="seconds_z")
HARD = ['say "hi"', "one\ntwo", "a,b", "Zoë 漢字 🙂", "", None, "null", "\r", "a;b", '"', " x "]

READERS: dict[Instant, Callable[[str], datetime]] = {
    "milliseconds_z": lambda text: datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%f%z"),
    "seconds_z": lambda text: datetime.strptime(text, "%Y-%m-%dT%H:%M:%S%z"),
    "plus_zero": lambda text: datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ%z"),
    "offset": datetime.fromisoformat,
    "epoch_milliseconds": lambda text: datetime.fromtimestamp(int(text) / 1000, UTC),
}


def written(values: list[datetime], dialect: Dialect) -> list[str]:
    seconds = np.array([one.timestamp() for one in values], dtype=float)
    found: list[str] = text_table(pa.table({"at": instants(seconds)}), dialect)["at"].to_pylist()
    return found


@pytest.mark.parametrize(
    ("form", "text"),
    [
        ("milliseconds_z", "2023-05-28T21:10:08.000Z"),
        ("seconds_z", "2023-05-28T21:10:08Z"),
        ("plus_zero", "2023-05-28T21:10:08Z+0000"),
        ("offset", "2023-05-28T17:10:08-04:00"),
        ("epoch_milliseconds", "1685308208000"),
    ],
)
def test_an_instant_is_written_as_its_system_writes_it(form: Instant, text: str) -> None:
    moment = datetime(2023, 5, 28, 21, 10, 8, tzinfo=UTC)
    assert written([moment], Dialect("", form, zone="America/New_York")) == [text]


@pytest.mark.parametrize("form", get_args(Instant))
@given(seconds=st.lists(st.integers(-(10**9), 4 * 10**9), max_size=20))
def test_every_form_of_an_instant_can_be_read_back(form: Instant, seconds: list[int]) -> None:
    values = [datetime.fromtimestamp(one, UTC) for one in seconds]
    texts = written(values, Dialect("", form, zone="America/New_York"))
    assert [READERS[form](text) for text in texts] == values


def test_every_form_of_an_instant_has_a_reader() -> None:
    assert tuple(READERS) == get_args(Instant)


@pytest.mark.parametrize("change", [datetime(2025, 3, 9, 7), datetime(2025, 11, 2, 6)])
def test_offsets_follow_daylight_saving(change: datetime) -> None:
    second = change.replace(tzinfo=UTC)
    values = [second + timedelta(seconds=step) for step in range(-7200, 7201)]
    texts = written(values, Dialect("", "offset", zone="America/New_York"))
    assert texts == [one.astimezone(NEW_YORK).isoformat() for one in values]
    assert texts[7199][-6:] != texts[7200][-6:]


@pytest.mark.parametrize(
    "zone", ["UTC", "Asia/Kolkata", "Australia/Lord_Howe", "Africa/Casablanca"]
)
def test_offsets_are_those_of_any_zone(zone: str) -> None:
    values = [datetime(2010, 1, 1, tzinfo=UTC) + timedelta(hours=5 * step) for step in range(9000)]
    expected = [one.astimezone(ZoneInfo(zone)).isoformat() for one in values]
    assert written(values, Dialect("", "offset", zone=zone)) == expected


def test_every_type_has_its_text() -> None:
    table = pa.table(
        {
            "text": ["a", None],
            "word": pa.array(["b", None]).dictionary_encode(),
            "number": pa.array([-7, None], pa.int64()),
            "amount": [1234.5, None],
            "flag": [True, None],
            "at": pa.array([0, None], pa.timestamp("s")),
            "day": pa.array([date(2024, 2, 29), None]),
        }
    )
    assert text_table(table, MARKETO).to_pydict() == {
        "text": ["a", "null"],
        "word": ["b", "null"],
        "number": ["-7", "null"],
        "amount": ["1234.5", "null"],
        "flag": ["true", "null"],
        "at": ["1970-01-01T00:00:00Z", "null"],
        "day": ["2024-02-29", "null"],
    }
    flags = Dialect("", "seconds_z", true="1", false="0")
    assert text_table(pa.table({"flag": [True, False, None]}), flags)["flag"].to_pylist() == [
        "1",
        "0",
        "",
    ]


def test_amounts_have_no_exponent() -> None:
    amounts = [12000.0, 0.1, 9999999999.99, 1e10, 12345678901.5, -5.4e10, float("nan")]
    table = pa.table({"amount": pa.array(amounts, from_pandas=False)})
    assert text_table(table, MARKETO)["amount"].to_pylist() == [
        "12000",
        "0.1",
        "9999999999.99",
        "10000000000",
        "12345678901.5",
        "-54000000000",
        "null",
    ]


@given(st.lists(st.none() | st.dates(date(1900, 1, 1), date(2100, 1, 1)), max_size=20))
def test_a_date_is_iso(days: list[date | None]) -> None:
    table = pa.table({"day": pa.array(days, pa.date32())})
    assert text_table(table, SALESFORCE)["day"].to_pylist() == [
        "" if one is None else one.isoformat() for one in days
    ]


def test_the_first_and_the_last_day_have_four_digits_too() -> None:
    table = pa.table({"day": [date.min, date.max]})
    assert text_table(table, SALESFORCE)["day"].to_pylist() == ["0001-01-01", "9999-12-31"]


def test_a_type_that_no_object_has_is_refused() -> None:
    with pytest.raises(TypeError, match="no system writes"):
        text_table(pa.table({"at": pa.array([0], pa.timestamp("us"))}), SALESFORCE)
    with pytest.raises(ValueError, match="other than four digits"):
        text_table(pa.table({"day": pa.array([10_000_000], pa.date32())}), SALESFORCE)


def test_salesforce_quotes_every_value_nulls_and_the_header(tmp_path: Path) -> None:
    table = pa.table(
        {
            "Id": ["a", None],
            "Amount": [1.5, None],
            "IsDeleted": [True, None],
            "CreatedDate": pa.array([0, None], pa.timestamp("s")),
            'A "b"': ['x "y"', "one\ntwo"],
        }
    )
    file = tmp_path / "Opportunity.csv"
    assert write_csv(table, file, SALESFORCE) == 2
    assert file.read_bytes() == (
        b'"Id","Amount","IsDeleted","CreatedDate","A ""b"""\n'
        b'"a","1.5","true","1970-01-01T00:00:00.000Z","x ""y"""\n'
        b'"","","","","one\ntwo"\n'
    )


def test_others_quote_what_needs_it(tmp_path: Path) -> None:
    table = pa.table({"id": [1, 2, 3], "a,b": HARD[:3], "c": [None, "plain", "ü"]})
    file = tmp_path / "leads.csv"
    write_csv(table, file, MARKETO)
    assert file.read_text(encoding="utf-8") == (
        'id,"a,b",c\n1,"say ""hi""",null\n2,"one\ntwo",plain\n3,"a,b",ü\n'
    )


def test_a_delimiter_can_be_another(tmp_path: Path) -> None:
    file = tmp_path / "customers.csv"
    write_csv(
        pa.table({"a": ["x;y", "x,y"], "b": ["1", None]}),
        file,
        Dialect("", "seconds_z", delimiter=";"),
    )
    assert file.read_bytes() == b'a;b\n"x;y";1\nx,y;\n'


def test_lines_can_end_otherwise(tmp_path: Path) -> None:
    path = tmp_path / "lines.csv"
    rows = pa.table({"a": ["one\ntwo", "three"]})
    write_csv(rows, path, Dialect("", "seconds_z", quotes_everything=True, line_end="\r\n"))
    assert path.read_bytes() == b'"a"\r\n"one\ntwo"\r\n"three"\r\n'


def test_one_empty_column_makes_no_empty_lines(tmp_path: Path) -> None:
    file = tmp_path / "ids.csv"
    write_csv(pa.table({"id": ["a", None, ""]}), file, Dialect("", "seconds_z"))
    assert file.read_bytes() == b'id\na\n""\n""\n'


def test_no_rows_make_a_header(tmp_path: Path) -> None:
    table = pa.table({"Id": pa.array([], pa.string()), "At": pa.array([], pa.timestamp("s"))})
    assert write_csv(table, tmp_path / "Lead.csv", SALESFORCE) == 0
    assert (tmp_path / "Lead.csv").read_bytes() == b'"Id","At"\n'


def test_batches_join_without_a_seam(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    table = pa.table({"a": pa.chunked_array([HARD, HARD, HARD[:3]]), "b": [*range(25)]})
    for dialect in (SALESFORCE, MARKETO):
        monkeypatch.setattr(dialects, "_BATCH", 1 << 17)
        write_csv(table, tmp_path / "whole.csv", dialect)
        monkeypatch.setattr(dialects, "_BATCH", 4)
        write_csv(table, tmp_path / "parts.csv", dialect)
        assert (tmp_path / "parts.csv").read_bytes() == (tmp_path / "whole.csv").read_bytes()


TEXTS = st.sampled_from(HARD) | st.none() | st.text(st.characters(codec="utf-8"), max_size=8)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(st.tuples(TEXTS, TEXTS), max_size=8))
def test_pythons_csv_writes_and_reads_the_same(tmp_path: Path, rows: list[tuple[Any, Any]]) -> None:
    table = pa.table(
        {
            "a": pa.array([first for first, _ in rows], pa.string()),
            "b": pa.array([second for _, second in rows], pa.string()).dictionary_encode(),
        }
    )
    file = tmp_path / "rows.csv"
    for dialect in (SALESFORCE, MARKETO):
        write_csv(table, file, dialect)
        text = file.read_bytes().decode()
        expected = [[dialect.null if one is None else one for one in row] for row in rows]
        assert list(csv.reader(io.StringIO(text, newline=""))) == [["a", "b"], *expected]
        if dialect.quotes_everything:
            by_python = io.StringIO(newline="")
            csv.writer(by_python, quoting=csv.QUOTE_ALL, lineterminator="\n").writerows(
                [["a", "b"], *expected]
            )
            assert text == by_python.getvalue()
