"""`_line` is the physical line on which a record starts, whatever stands around it."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import uuid4

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingestion.files.physical_lines import count_lines, index_lines, record_lines
from ingestion.landing import Landing


def places(desk):
    return {row["_record_id"]: row["_line"] for row in desk.rows()}


def rejected(desk):
    return {row["line"]: row["row_text"] for row in desk.set_aside()}


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_of_a_file_with_everything(desk, end):
    text = end.join(
        [
            "",
            'id,"ti',
            'tle",state',  # the header takes lines 2 and 3
            "",
            "a,1,x",
            "",
            "",
            'b,"two',
            "",
            'lines",x',
            "short,1",
            'c,"",x',
            "long,1,2,3",
            "",
            'bad,"1"2,"x',
            'y"',
            'd,"""",x',
            "",
        ]
    )
    desk.land(text, columns={"stage": "state"})
    assert places(desk) == {"a": 5, "b": 8, "c": 12, "d": 17}
    assert rejected(desk) == {
        11: "short,1",
        13: "long,1,2,3",
        15: f'bad,"1"2,"x{end}y"',
    }


@pytest.mark.parametrize("inner", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_line_break_inside_quotes_may_be_of_another_kind(desk, end, inner):
    desk.land(end.join(["id,title,state", f'a,"1{inner}2",x', "b,2,x", ""]))
    lines = 3 if "\n" not in inner else 4
    assert places(desk) == {"a": 2, "b": lines}
    assert desk.column("name") == [f"1{inner}2", "2"]


def test_rejects_alone_move_no_line(desk):
    desk.land("id,title,state\nx\na,1,x\ny\ny\nb,1,x\n")
    assert places(desk) == {"a": 3, "b": 6}
    assert rejected(desk) == {2: "x", 4: "y", 5: "y"}


def test_blank_lines_at_the_end(desk):
    desk.land("id,title,state\na,1,x\n\n\n\n")
    assert places(desk) == {"a": 2}


def test_lines_beyond_a_byte_order_mark_and_wide_characters(desk):
    text = 'id,title,state\n\nä,"é\né",x\nkurz\nb,😀,x\n'
    desk.land(text.encode("utf-8-sig"))
    assert places(desk) == {"ä": 3, "b": 6}
    desk.land(text.encode("utf-16"), format={"encoding": "utf-16"}, exported_at="2024-02-02")
    assert [
        row["_line"] for row in desk.landing.read(desk.landing.loads("files")[1]).to_pylist()
    ] == [3, 6]


def test_lines_of_a_file_that_several_threads_read(desk):
    """Of ten records number 3 is short, 7 spans lines, 9 follows a blank line."""
    kinds = ["{id},n,x", "{id},n,x", "{id},n,x", "{id},n", "{id},n,x", "{id},n,x", "{id},n,x",
             '{id},"a,b\n\n{id},c,x\n",x', "{id},n,x", "\n{id},n,x"]  # fmt: skip
    block = "\n".join(kind.replace("{id}", "%07d") for kind in kinds) + "\n"
    per_block = block.count("%07d")
    text = "".join(
        block % (*range(at * 10, at * 10 + 8), at * 10 + 7, at * 10 + 8, at * 10 + 9)
        for at in range(60_000)
    )
    assert per_block == 11
    result = desk.land("id,title,state\n" + text)
    assert (result.delivered, result.set_aside) == (600_000, 60_000)
    table = desk.landing.read(desk.load)
    ids = np.array(table["_record_id"].to_pylist(), dtype=np.int64)
    starts = np.array([0, 1, 2, 3, 4, 5, 6, 7, 11, 13])
    assert (table["_line"].to_numpy() == 2 + ids // 10 * 14 + starts[ids % 10]).all()
    first = desk.landing.read(desk.load, "set_aside").slice(0, 2).to_pylist()
    assert [(row["line"], row["row_text"]) for row in first] == [
        (5, "0000003,n"),
        (19, "0000013,n"),
    ]


@dataclass(frozen=True)
class Row:
    text: str
    is_record: bool


VALUES = st.text(alphabet="ab ,;'\n\r\"é", max_size=6)
RECORDS = st.tuples(VALUES, VALUES)
ROWS = st.one_of(
    RECORDS.map(
        lambda pair: Row(",".join('"' + one.replace('"', '""') + '"' for one in ("#", *pair)), True)
    ),
    st.text(alphabet="ab ", min_size=1, max_size=3).map(lambda text: Row(f"#,{text}", False)),
    st.just(Row("", False)),
    st.just(Row('#,"a"b,c', False)),
    st.just(Row("#,plain,5 inch", True)),
    VALUES.map(lambda text: Row('#,"' + text.replace('"', '""') + '"', False)),
)


@given(rows=st.lists(ROWS, max_size=12), end=st.sampled_from(["\n", "\r\n"]), last=st.booleans())
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_lines_of_any_file(desk, rows, end, last):
    """The oracle writes the file row by row and counts the line feeds that it wrote."""
    line, text = 2, "id,title,state" + end
    expected: dict[str, int] = {}
    bad: list[int] = []
    for number, row in enumerate([*rows, Row("#,z,z", True)]):
        written = row.text.replace("#", f"k{number}")
        if row.is_record:
            expected[f"k{number}"] = line
        elif written:
            bad.append(line)
        text += written + end
        line += (written + end).count("\n")
    if not last:
        text = text.removesuffix(end)
    desk.landing = Landing(desk.folder.parent / uuid4().hex)
    desk.land(text)
    table = desk.landing.read(desk.load)
    keys, lines = (table[name].to_pylist() for name in ("_record_id", "_line"))
    assert dict(zip(keys, lines, strict=True)) == expected
    aside = desk.landing.read(desk.load, "set_aside")
    assert (aside["line"].to_pylist() if aside.num_rows else []) == bad


@pytest.mark.parametrize(
    ("content", "lines", "end"),
    [
        (b"", 0, 10),
        (b"a", 1, 10),
        (b"a\n", 1, 10),
        (b"a\nb", 2, 10),
        (b"a\rb\r", 2, 13),
        (b"\n\n", 2, 10),
    ],
)
def test_count_lines(tmp_path, content, lines, end):
    path = tmp_path / "file"
    path.write_bytes(content)
    count = count_lines(path)
    assert (count.lines, count.line_end) == (lines, end)


@given(content=st.text(alphabet="a\n\r", max_size=40), chunk=st.integers(1, 5), data=st.data())
@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_index_lines_in_any_chunks(tmp_path, content, chunk, data):
    path = tmp_path / "file"
    raw = content.encode()
    path.write_bytes(raw)
    offsets = sorted(data.draw(st.lists(st.integers(0, max(len(raw) - 1, 0)), max_size=4)))
    index = index_lines(path, 10, np.array(offsets, dtype=np.int64), chunk)
    ended = raw.split(b"\n")[:-1]
    assert index.empty.tolist() == [n for n, one in enumerate(ended, 1) if one in (b"", b"\r")]
    assert index.of_offsets.tolist() == [1 + raw[:at].count(b"\n") for at in offsets]


def test_record_lines_in_parts_are_record_lines_at_once():
    long_records, spans = np.array([1, 4]), np.array([3, 2])
    skipped = np.array([1, 2, 6, 10, 11])
    whole = record_lines(0, 6, long_records, spans, skipped).tolist()
    assert whole == [3, 4, 8, 9, 12, 14]
    parts = [record_lines(at, 2, long_records, spans, skipped) for at in (0, 2, 4)]
    assert np.concatenate(parts).tolist() == whole
