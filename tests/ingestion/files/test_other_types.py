from __future__ import annotations

import gzip
import json
from datetime import UTC, date, datetime
from decimal import Decimal

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ingestion.errors import TerminalError


def landed(desk, *names):
    return [tuple(row[name] for name in ("_line", "_record_id", *names)) for row in desk.rows()]


def put_parquet(desk, table):
    desk.export["file"] = "deals.parquet"
    pq.write_table(table, desk.folder / "deals.parquet")


def test_parquet_values_become_text(desk):
    put_parquet(
        desk,
        pa.table(
            {
                "id": pa.array([7, 8], pa.int64()),
                "title": ["NA", ""],
                "state": pa.array([True, None]),
                "amount": pa.array([Decimal("1.50"), None], pa.decimal128(9, 2)),
                "day": [date(2024, 1, 2), None],
                "at": [datetime(2024, 1, 2, 3, 4), None],
                "zoned": pa.array(
                    [datetime(2024, 1, 2, 3, 4, tzinfo=UTC), None],
                    pa.timestamp("us", "America/New_York"),
                ),
                "tags": [["a", "b"], None],
            }
        ),
    )
    desk.land(
        columns={
            "name": "title",
            "is_won": "state",
            "amount": "amount",
            "closed_at": "day",
            "created_at": "at",
            "updated_at": "zoned",
        }
    )
    fields = ("name", "is_won", "amount", "closed_at", "created_at", "updated_at")
    assert landed(desk, *fields) == [
        (1, "7", "NA", "true", "1.50", "2024-01-02", "2024-01-02 03:04:00",
         "2024-01-02T03:04:00.000000Z"),
        (2, "8", None, None, None, None, None, None),
    ]  # fmt: skip
    assert json.loads(desk.rows()[0]["_undeclared"]) == {"tags": '["a","b"]'}


def test_a_broken_parquet_file_is_refused(desk):
    put_parquet(desk, pa.table({"id": ["1"], "title": ["A"], "state": ["x"]}))
    path = desk.folder / "deals.parquet"
    for content in (path.read_bytes()[:-7], b"", b"id,title,state\n"):
        with pytest.raises(TerminalError, match=r"deals.parquet: cannot be read"):
            desk.land(content)
    assert desk.landing.loads() == []


def test_a_missing_parquet_column_is_named(desk):
    put_parquet(desk, pa.table({"id": ["1"], "titel": ["A"], "state": ["x"]}))
    with pytest.raises(TerminalError, match=r"has no column title, .* did you mean titel\?"):
        desk.land()


LINES = (
    '{"id": "007", "title": "NA", "state": "Won", "note": {"a": [1, null]}, "Note": null}\r\n'
    "\r\n"
    '{"state": null, "id": 123456789012345678901, "title": "l1\\nl2", "is": true}\n'
    "no json\n"
    "[1]\n"
    '  {"id": "", "title": ""}'
)


def test_json_lines(desk):
    result = desk.land(LINES, file="deals.jsonl")
    assert (result.delivered, result.landed, result.set_aside) == (5, 2, 3)
    assert landed(desk, "name", "stage") == [
        (1, "007", "NA", "Won"),
        (3, "123456789012345678901", "l1\nl2", None),
    ]
    assert [json.loads(row["_undeclared"]) for row in desk.rows()] == [
        {"note": '{"a":[1,null]}', "Note": None, "is": None},
        {"note": None, "Note": None, "is": "true"},
    ]
    assert [(row["line"], row["reason"], row["row_text"]) for row in desk.set_aside()][:2] == [
        (4, "malformed", "no json"),
        (5, "malformed", "[1]"),
    ]
    assert desk.set_aside()[2]["reason"] == "no key"


def test_json_lines_may_be_compressed_and_encoded(desk):
    desk.land(
        gzip.compress('{"id": 1, "title": "Zoë", "state": "x"}'.encode("utf-16")),
        file="deals.jsonl.gz",
        format={"encoding": "utf-16"},
    )
    assert landed(desk, "name") == [(1, "1", "Zoë")]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "has no line with a JSON object"),
        (b"[1]\n[2]\n", "has no line with a JSON object"),
        (b'{"id": 1, "titel": "A", "state": "x"}\n', r"did you mean titel\?"),
        (b'{"id": "\xff"}\n', "byte 8 is not utf-8"),
    ],
)
def test_json_lines_that_are_refused(desk, content, said):
    with pytest.raises(TerminalError, match=said):
        desk.land(content, file="deals.jsonl")
    assert desk.landing.loads() == []


def put_sheet(desk, rows, title="Deals"):
    desk.export["file"] = "deals.xlsx"
    book = openpyxl.Workbook()
    book.active.title = "About"
    sheet = book.create_sheet(title)
    for row in rows:
        sheet.append(row)
    book.save(desk.folder / "deals.xlsx")


def test_cells_become_the_text_that_they_show(desk):
    put_sheet(
        desk,
        [
            [],
            ["id", "title", "state", "amount", "day", "at"],
            [7, "NA", True, 1.0, date(2024, 1, 2), datetime(2024, 1, 2, 3, 4, 5)],
            [],
            ["007", " x ", None, 0.1, None, None],
            [12345678901234, "null", False, 1.25, "n/a", None],
        ],
    )
    desk.land(
        columns={
            "name": "title",
            "is_won": "state",
            "amount": "amount",
            "closed_at": "day",
            "created_at": "at",
        },
        format={"sheet": "Deals"},
    )
    assert landed(desk, "name", "is_won", "amount", "closed_at", "created_at") == [
        (3, "7", "NA", "true", "1", "2024-01-02", "2024-01-02 03:04:05"),
        (5, "007", " x ", None, "0.1", None, None),
        (6, "12345678901234", "null", "false", "1.25", "n/a", None),
    ]


def test_cells_beyond_the_header_are_set_aside(desk):
    put_sheet(desk, [["id", "title", "state"], [1, "A", "x"], [2, "B", "x", "more"], [3, "C", "x"]])
    desk.land(format={"sheet": "Deals"})
    assert landed(desk, "name") == [(2, "1", "A"), (4, "3", "C")]
    assert [(row["line"], row["reason"], row["row_text"]) for row in desk.set_aside()] == [
        (3, "malformed", "2\tB\tx\tmore")
    ]


def test_a_sheet_without_records_is_a_load_of_no_rows(desk):
    put_sheet(desk, [["id", "title", "state"]])
    assert desk.land(format={"sheet": "Deals"}).delivered == 0
    assert desk.rows() == []


def test_spreadsheets_that_are_refused(desk):
    put_sheet(desk, [["id", "title", "state"]])
    with pytest.raises(TerminalError, match=r"has no sheet Deal\. Its sheets are About, Deals"):
        desk.land(format={"sheet": "Deal"})
    with pytest.raises(TerminalError, match="the sheet is empty"):
        desk.land(format={})
    with pytest.raises(TerminalError, match="cannot be read as a spreadsheet"):
        desk.land(b"id,title,state\n")
    assert desk.landing.loads() == []
