from __future__ import annotations

import json

import pytest


def aside(desk):
    return [(row["line"], row["record_id"], row["reason"]) for row in desk.set_aside()]


def test_the_same_row_again_is_a_repeat(desk):
    result = desk.land("id,title,state,note\n1,A,Won,x\n2,B,Won,x\n1,A,Won,x\n1,A,Won,x\n")
    assert (result.delivered, result.landed, result.set_aside) == (4, 2, 2)
    assert desk.column("_line") == [2, 3]
    assert aside(desk) == [(4, "1", "repeat"), (5, "1", "repeat")]


def test_one_key_with_two_contents_is_a_contradiction(desk):
    desk.land("id,title,state\n1,A,Won\n2,B,Won\n1,A,Lost\n1,A,Won\n")
    assert desk.column("_record_id") == ["2"]
    assert aside(desk) == [
        (2, "1", "contradiction"),
        (4, "1", "contradiction"),
        (5, "1", "repeat"),
    ]


def test_a_column_that_is_not_mapped_is_content_too(desk):
    desk.land("id,title,state,note\n1,A,Won,x\n1,A,Won,y\n")
    assert aside(desk) == [(2, "1", "contradiction"), (3, "1", "contradiction")]
    assert [json.loads(row["row_text"]) for row in desk.set_aside()] == [
        {"id": "1", "title": "A", "state": "Won", "note": "x"},
        {"id": "1", "title": "A", "state": "Won", "note": "y"},
    ]


def test_a_stamp_is_content_too(desk):
    desk.land(
        "id,title,state,w\n1,A,Won,2024-01-01\n1,A,Won,2024-01-02\n",
        stamps={"stage": {"won": "w"}},
    )
    assert [json.loads(row["row_text"])["w"] for row in desk.set_aside()] == [
        "2024-01-01",
        "2024-01-02",
    ]


UPDATED = {
    "iso": ({}, "2024-01-09T10:00:00", "2024-01-09T10:00:00+02:00"),
    "named": ({"timestamp_format": "DD.MM.YYYY HH:MM"}, "01.02.2024 10:00", "09.01.2024 10:00"),
    "date": ({"date_format": "MM/DD/YYYY"}, "01/02/2024", "12/31/2023"),
    "month": ({"date_format": "DD-Mon-YYYY"}, "01-Feb-2024", "31-Jan-2024"),
}


@pytest.mark.parametrize("case", UPDATED)
def test_a_later_update_decides(desk, case):
    form, later, earlier = UPDATED[case]
    columns = {"name": "title", "updated_at": "u"}
    desk.land(
        f"id,title,u\n1,A,{later}\n1,B,{earlier}\n1,C,{earlier}\n", columns=columns, format=form
    )
    assert desk.column("name") == ["A", "B", "C"]
    assert desk.load.set_aside_files == ()
    desk.land(f"id,title,u\n1,A,{later}\n1,B,{later}\n1,C,{earlier}\n")
    assert [row[2] for row in aside(desk)] == ["contradiction"] * 3


def test_a_format_of_the_column_decides(desk):
    columns = {"name": "title", "updated_at": {"column": "u", "format": "epoch_seconds"}}
    desk.land("id,title,u\n1,A,999999999\n1,B,1000000000\n", columns=columns)
    assert len(desk.rows()) == 2


@pytest.mark.parametrize("update", ["", "soon"])
def test_an_update_without_time_decides_nothing(desk, update):
    columns = {"name": "title", "updated_at": "u"}
    desk.land(f"id,title,u\n1,A,2024-01-01\n1,B,{update}\n", columns=columns)
    assert [row[2] for row in aside(desk)] == ["contradiction"] * 2


@pytest.mark.parametrize("key", ["id", ["id", "title"]])
def test_a_row_without_key_is_set_aside(desk, key):
    desk.land("id,title,state\n,A,Won\n  ,B,Won\n1,C,Won\n,A,Won\n", key=key)
    assert desk.column("_line") == [4]
    assert aside(desk) == [(2, None, "no key"), (3, None, "no key"), (5, None, "no key")]


def test_ids_that_look_like_numbers_are_different_ids(desk):
    desk.land("id,title,state\n1,A,Won\n01,A,Won\n1.0,A,Won\n1 ,A,Won\n")
    assert desk.column("_record_id") == ["1", "01", "1.0", "1 "]
