from __future__ import annotations

import gzip
import json

import duckdb
import pytest

from ingestion.errors import TerminalError
from ingestion.files.entities import ENTITIES, SET_ASIDE_COLUMNS, SYSTEM_COLUMNS

PLAIN = "id,title,state\n1,First,Won\n2,Second,Lost\n"


def landed(desk):
    return [(row["_line"], row["_record_id"], row["name"], row["stage"]) for row in desk.rows()]


def test_a_plain_file_lands_whole(desk):
    result = desk.land(PLAIN)
    assert (result.entity, result.source, result.instance) == ("opportunities", "crm", "main")
    assert (result.delivered, result.landed, result.set_aside) == (2, 2, 0)
    assert not result.was_already_landed
    assert landed(desk) == [(2, "1", "First", "Won"), (3, "2", "Second", "Lost")]


def test_the_raw_table_has_the_columns_of_the_registry(desk):
    desk.land(PLAIN)
    described = duckdb.sql(
        f"describe from read_parquet({desk.landing.paths(desk.load)!r})"
    ).fetchall()
    types = {name: kind for name, kind, *_ in described}
    assert types == SYSTEM_COLUMNS | dict.fromkeys(ENTITIES["opportunities"], "VARCHAR")
    assert list(types) == [*SYSTEM_COLUMNS, *ENTITIES["opportunities"]]


def test_system_columns_tell_where_a_row_comes_from(desk):
    desk.put(PLAIN, "deals-02.csv")
    desk.land(file="deals*.csv", instance="emea", exported_at="2024-02-01 10:30")
    row, load = desk.rows()[0], desk.load
    assert load.instance == "crm.emea"
    assert (row["_source"], row["_instance"]) == ("crm", "emea")
    assert (row["_export"], row["_file"]) == ("deals*.csv", "deals-02.csv")
    assert row["_load_id"] == load.load_id
    assert row["_exported_at"].isoformat() == "2024-02-01T10:30:00"
    assert row["_extracted_at"].isoformat() == load.extracted_at.isoformat()[:26]
    assert row["_cursor"] == "2024-02-01T10:30:00Z"
    assert row["_is_deleted"] is False


def test_the_manifest_tells_how_the_file_was_read(desk):
    desk.land(PLAIN)
    load = desk.load
    assert (load.source, load.instance, load.object) == ("files", "crm", "opportunities")
    assert (load.kind, load.export, load.file) == ("full", "deals.csv", "deals.csv")
    assert load.window_end.isoformat() == "2024-02-01T00:00:00+00:00"
    assert load.load_id.startswith("20240201T000000-")
    assert load.columns == {"name": "title", "stage": "state"}
    assert load.formats == {"*": "ISO", "decimal_mark": ".", "thousands_mark": ""}
    assert load.time_zone == "UTC"
    assert (load.rows_delivered, load.rows_landed, load.rows_reported) == (2, 2, None)


def test_values_are_text_exactly_as_delivered(desk):
    desk.land('id,title,state\n007,NA,null\n008, padded ,"1,0"\n009,"say ""hi""",N/A\n')
    assert landed(desk) == [
        (2, "007", "NA", "null"),
        (3, "008", " padded ", "1,0"),
        (4, "009", 'say "hi"', "N/A"),
    ]


@pytest.mark.parametrize(
    ("nulls", "names"),
    [
        ([""], [None, "NA", None, "-"]),
        (["", "NA", "-"], [None, None, None, None]),
        (["NA"], ["", None, "", "-"]),
        ([], ["", "NA", "", "-"]),
    ],
)
def test_only_the_null_spelling_of_the_mapping_is_null(desk, nulls, names):
    desk.land('id,title,state\n1,,a\n2,NA,a\n3,"",a\n4,-,a\n', format={"null": nulls})
    assert desk.column("name") == names


def test_columns_that_the_mapping_does_not_name_are_kept_as_json(desk):
    desk.land('id,title,state,Note,note,"a ""b"""\n1,A,Won,x,,"l1\nl2"\n2,B,Won,,é,\n')
    assert [json.loads(text) for text in desk.column("_undeclared")] == [
        {"Note": "x", "note": None, 'a "b"': "l1\nl2"},
        {"Note": None, "note": "é", 'a "b"': None},
    ]


def test_without_undeclared_columns_the_json_is_empty(desk):
    desk.land(PLAIN)
    assert desk.column("_undeclared") == ["{}", "{}"]


def test_constants_maps_and_two_fields_from_one_column(desk):
    desk.land(
        PLAIN,
        columns={
            "opportunity_type": {"value": "new_business"},
            "stage": {"column": "state", "map": {"Won": "won"}},
            "is_won": {"column": "state", "map": {"Won": "true"}, "other": "false"},
        },
    )
    row = desk.rows()[0]
    # Maps are applied by staging; what lands is what was delivered.
    assert (row["opportunity_type"], row["stage"], row["is_won"]) == ("new_business", "Won", "Won")
    assert json.loads(row["_undeclared"]) == {"title": "First"}


def test_stamps_hold_the_delivered_dates_and_no_empty_ones(desk):
    desk.land(
        "id,state,q,w\n1,Won,2024-01-01,2024-01-09\n2,Open,2024-01-02,\n3,New,,\n",
        columns={"stage": "state"},
        stamps={"stage": {"qualified": "q", "won": "w"}},
    )
    assert desk.column("_stamps") == [
        {"stage=qualified": "2024-01-01", "stage=won": "2024-01-09"},
        {"stage=qualified": "2024-01-02"},
        {},
    ]


def test_a_key_of_several_columns_is_joined(desk):
    desk.land("a,b,title,state\n1,x,T,Won\n1,y,T,Won\n", key=["a", "b"])
    assert desk.column("_record_id") == ["1|x", "1|y"]


def test_the_cursor_is_the_update_time_where_there_is_one(desk):
    desk.land(
        "id,title,u\n1,A,2024-01-05 10:00\n2,B,\n", columns={"name": "title", "updated_at": "u"}
    )
    assert desk.column("_cursor") == ["2024-01-05 10:00", "2024-02-01T00:00:00Z"]
    assert desk.column("updated_at") == ["2024-01-05 10:00", None]


@pytest.mark.parametrize(
    ("deleted", "expected"),
    [
        ("gone", [True, False, False, False]),
        ({"column": "gone", "map": {"x": "true"}}, [False, False, True, False]),
        ({"column": "gone", "map": {"no": "false"}, "other": "true"}, [True, False, True, False]),
        ({"value": "true"}, [True] * 4),
    ],
)
def test_deleted_rows_are_marked(desk, deleted, expected):
    desk.land("id,gone\n1,TRUE\n2,no\n3,x\n4,\n", columns={"is_deleted": deleted})
    assert desk.column("_is_deleted") == expected


@pytest.mark.parametrize("delimiter", [";", "\t", "|"])
def test_delimiters(desk, delimiter):
    desk.land(PLAIN.replace(",", delimiter), format={"delimiter": delimiter})
    assert landed(desk)[1] == (3, "2", "Second", "Lost")


def test_a_tsv_is_split_at_tabs(desk):
    desk.land(PLAIN.replace(",", "\t"), file="deals.tsv")
    assert landed(desk)[1] == (3, "2", "Second", "Lost")


def test_quotes_can_be_another_character_or_none(desk):
    desk.land("id,title,state\n1,'a,b',Won\n", format={"quote": "'"})
    assert desk.column("name") == ["a,b"]


def test_without_quotes_a_quote_is_a_character(desk):
    desk.land('id,title,state\n1,"5 inch,Won\n2,b",Won\n', format={"quote": ""})
    assert desk.column("name") == ['"5 inch', 'b"']


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "latin-1", "cp1252", "iso-8859-15"]
)
def test_encodings(desk, encoding):
    text = "id,Täg,state\n1,Zoë,Ünï\n"
    desk.land(
        text.encode(encoding),
        format={"encoding": encoding},
        columns={"name": "Täg", "stage": "state"},
    )
    assert landed(desk) == [(2, "1", "Zoë", "Ünï")]


def test_a_byte_order_mark_is_no_part_of_the_first_name(desk):
    desk.land(PLAIN.encode("utf-8-sig"))
    assert landed(desk)[0] == (2, "1", "First", "Won")


def test_gzip(desk):
    desk.land(
        gzip.compress(PLAIN.encode("cp1252")), file="deals.csv.gz", format={"encoding": "cp1252"}
    )
    assert landed(desk)[1] == (3, "2", "Second", "Lost")


def test_a_file_without_records_is_a_load_of_no_rows(desk):
    result = desk.land("id,title,state\n")
    assert (result.delivered, result.landed) == (0, 0)
    assert desk.rows() == []
    assert desk.land("id,title,state", exported_at="2024-02-02").delivered == 0


def test_one_column_is_enough_for_a_list_of_keys(desk):
    desk.land("id\na\n\nb\n", columns={})
    assert [(row["_line"], row["_record_id"]) for row in desk.rows()] == [(2, "a"), (4, "b")]
    assert [(row["line"], row["reason"]) for row in desk.set_aside()] == [(3, "no key")]


def test_rows_set_aside_are_kept_with_their_reason(desk):
    result = desk.land(
        'id,title,state\n1,A,Won\n2,B\n,C,Won\n3,"x"y,Won\n4,D,Won,extra\n5,E,Lost\n'
    )
    assert (result.delivered, result.landed, result.set_aside) == (6, 2, 4)
    assert landed(desk) == [(2, "1", "A", "Won"), (7, "5", "E", "Lost")]
    rows = desk.set_aside()
    assert list(rows[0]) == list(SET_ASIDE_COLUMNS)
    assert [(row["line"], row["reason"], row["row_text"]) for row in rows] == [
        (3, "malformed", "2,B"),
        (4, "no key", '{"id":null,"title":"C","state":"Won"}'),
        (5, "malformed", '3,"x"y,Won'),
        (6, "malformed", "4,D,Won,extra"),
    ]
    assert {(row["source"], row["instance"], row["object"]) for row in rows} == {
        ("crm", "main", "opportunities")
    }
    assert {(row["load_id"], row["export"], row["file"]) for row in rows} == {
        (desk.load.load_id, "deals.csv", "deals.csv")
    }


def test_an_open_quote_on_the_last_line_hides_nothing(desk):
    desk.land(PLAIN + '\n3,"C,Won\n\n')
    assert len(desk.rows()) == 2
    assert [(row["line"], row["row_text"]) for row in desk.set_aside()] == [(5, '3,"C,Won')]


def test_no_draft_stays_behind(desk):
    desk.land(PLAIN + ",x,y\n")
    names = {path.name for path in desk.folder.parent.glob("landing/**/*") if path.is_file()}
    assert names == {"manifest.json", "part-00000.parquet", "set_aside-00000.parquet"}


def test_a_name_that_looks_like_a_pattern_is_one_file(desk):
    desk.put(PLAIN, "deals1.csv")
    desk.land(PLAIN, file="deals[1].csv")
    assert len(desk.rows()) == 2


REFUSED = {
    "no bytes": (b"", {}, "is empty. Export it again"),
    "blank lines only": (b"\n\r\n\n", {}, "is empty"),
    "wrong encoding": (
        b"id,title,state\n1,caf\xe9,Won\n",
        {},
        "byte 20 is not utf-8. Name the right encoding under `format` in the mapping",
    ),
    "wrong encoding in the header": (b"id,title,st\xe4te\n", {}, "byte 11 is not utf-8"),
    "utf-16 read as utf-8": (PLAIN.encode("utf-16"), {}, "byte 0 is not utf-8. * utf-16"),
    "no ascii": ("id,title,state\n1,é,Won\n".encode(), {"encoding": "ascii"}, "byte 17 is not"),
    "half a character": (
        "id,title,state\n1,é".encode("utf-16")[:-1],
        {"encoding": "utf-16"},
        "is not utf-16",
    ),
    "no header": (
        b"1,First,Won\n2,Second,Lost\n",
        {},
        "has no column id, title, state * The first line should be the header; it is: 1, First",
    ),
    "renamed column": (
        b"id,titel,state\n1,A,Won\n",
        {},
        "has no column title, which the mapping names for * title: did you mean titel?",
    ),
    "equal names": (b"id,title,state, title\n", {}, "two columns are named title"),
    "other delimiter": (
        b"id;title;state\n1;A;Won\n",
        {},
        'has one column only when it is split at ,. * in the mapping, e.g. delimiter: ";"',
    ),
    "tabs": (b"id\ttitle\tstate\n", {}, r'e.g. delimiter: "\t"'),
    "open quote": (
        b'id,title,state\n1,A,Won\n2,"B,Won\n3,C,Won\n4,D,Won\n',
        {},
        "a quote that is opened on line 3 is not closed and hides the rows after it",
    ),
    "open quote that swallows some rows": (
        b'id,title,state\n1,"A,Won\n2,B,Won\n3,"C",Won\n4,D,Won\n',
        {},
        "a quote that is opened on line 2 is not closed",
    ),
    "long record": (
        b'id,title,state\n1,"' + b"x" * 2_100_000 + b'",Won\n',
        {},
        "the record on line 2 is longer than 2 MB",
    ),
    "no row fits": (b"id,title,state\n1,A\n2,B\n", {}, "no row has the 3 values"),
    "mixed line endings": (b"id,title,state\n1,A,Won\r\n2,B,Won\n", {}, "mixes line endings"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_file_is_refused_as_a_whole(desk, case):
    content, form, said = REFUSED[case]
    with pytest.raises(TerminalError) as caught:
        desk.land(content, format=form)
    text = str(caught.value)
    assert text.startswith(f"{desk.folder / 'deals.csv'}: ")
    for part in said.split(" * "):
        assert part in text
    assert desk.landing.loads() == []
    assert desk.landing.sweep() == []


@pytest.mark.parametrize("damage", [lambda whole: whole[:-9], lambda _: PLAIN.encode()])
def test_a_broken_gzip_is_refused(desk, damage):
    with pytest.raises(TerminalError, match="is a broken gzip file"):
        desk.land(damage(gzip.compress(PLAIN.encode() * 500)), file="deals.csv.gz")
    assert desk.landing.loads() == []


def test_an_open_quote_far_from_the_end_is_refused(desk):
    # Long enough for several threads, each of which begins somewhere inside the quote.
    rows = b"".join(b"%d,a name that takes some room,Won\n" % at for at in range(400_000))
    with pytest.raises(TerminalError, match="a quote that is opened on line 2 is not closed"):
        desk.land(b'id,title,state\nx,"open,Won\n' + rows)


def test_a_missing_file_names_the_nearest(desk):
    desk.put(PLAIN, "deal.csv")
    with pytest.raises(TerminalError, match=r"there is no file deals.csv. Did you mean deal.csv\?"):
        desk.land()


def test_a_pattern_that_fits_two_files_is_refused(desk):
    desk.put(PLAIN, "deals-1.csv")
    desk.put(PLAIN, "deals-2.csv")
    with pytest.raises(TerminalError, match=r"fits 2 files: deals-1.csv, deals-2.csv"):
        desk.land(file="deals-*.csv")
