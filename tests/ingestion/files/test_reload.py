"""Which loads a file makes when it, its mapping or its time of export changes."""

from __future__ import annotations

import pytest

A = "id,title,state\n1,A,Won\n"
B = "id,title,state\n1,B,Won\n"


def test_the_same_file_is_not_loaded_again(desk):
    first = desk.land(A)
    load = desk.load
    again = desk.land(A)
    assert again.was_already_landed
    assert (again.delivered, again.landed) == (first.delivered, first.landed)
    assert desk.load == load


def test_other_content_of_the_same_export_supersedes(desk):
    desk.land(A)
    old = desk.load
    desk.land(B)
    assert desk.load.supersedes == (old.load_id,)
    assert desk.column("name") == ["B"]


def test_content_that_comes_back_is_in_use_again(desk):
    desk.land(A)
    first = desk.load.load_id
    desk.land(B)
    assert not desk.land(A).was_already_landed
    assert desk.load.load_id == f"{first}-2"
    assert desk.column("name") == ["A"]
    assert desk.land(A).was_already_landed


@pytest.mark.parametrize(
    "change",
    [
        {"columns": {"name": "title"}},
        {"columns": {"name": "title", "stage": "state", "pipeline": {"value": "x"}}},
        {"key": ["id", "title"]},
        {"format": {"null": ["", "Won"]}},
        {"format": {"decimal_mark": ",", "thousands_mark": "."}},
        {"stamps": {"stage": {"won": "title"}}},
        {"load": "append"},
    ],
)
def test_other_settings_supersede(desk, change):
    desk.land(A)
    old = desk.load.load_id
    assert not desk.land(**change).was_already_landed
    assert desk.load.supersedes == (old,)


def test_another_time_zone_supersedes_nothing_but_lands(desk):
    desk.land(A)
    desk.head["source_time_zone"] = "America/New_York"
    assert not desk.land().was_already_landed
    # Midnight there is another instant, so it is another export.
    assert len(desk.landing.loads("files")) == 2


def test_a_value_map_is_no_setting(desk):
    desk.land(A)
    desk.land(columns={"name": "title", "stage": {"column": "state", "map": {"Won": "won"}}})
    assert len(desk.landing.loads("files", with_superseded=True)) == 1


def test_the_map_of_deleted_rows_is_a_setting(desk):
    desk.land(A, columns={"is_deleted": {"column": "state", "map": {"Won": "true"}}})
    assert desk.column("_is_deleted") == [True]
    desk.land(columns={"is_deleted": {"column": "state", "map": {"Won": "false"}}})
    assert desk.column("_is_deleted") == [False]


def test_a_later_export_stands_beside_the_earlier(desk):
    desk.land(A)
    desk.land(B, exported_at="2024-03-01")
    assert [one.window_end.month for one in desk.landing.loads("files")] == [2, 3]


def test_two_files_of_one_entity_do_not_supersede_each_other(desk):
    desk.land(A)
    desk.land(A, file="old_deals.csv")
    assert len(desk.landing.loads("files")) == 2


def test_a_refused_file_leaves_the_earlier_load_in_use(desk):
    desk.land(A)
    with pytest.raises(Exception, match="is empty"):
        desk.land("")
    assert desk.column("name") == ["A"]


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        ({}, {"*": "ISO"}),
        ({"date_format": "DD.MM.YYYY"}, {"*": "DD.MM.YYYY", "created_at": "ISO",
                                         "closed_at": "DD.MM.YYYY", "stage=won": "DD.MM.YYYY"}),
        ({"timestamp_format": "DD.MM.YYYY HH:MM"},
         {"*": "DD.MM.YYYY HH:MM", "created_at": "DD.MM.YYYY HH:MM", "closed_at": "ISO",
          "stage=won": "ISO"}),
        ({"date_format": "DD.MM.YYYY", "timestamp_format": "DD.MM.YYYY HH:MM"},
         {"*": "DD.MM.YYYY", "created_at": "DD.MM.YYYY HH:MM", "closed_at": "DD.MM.YYYY",
          "stage=won": "DD.MM.YYYY"}),
    ],
)  # fmt: skip
def test_the_manifest_names_the_format_of_each_time(desk, form, expected):
    desk.land(
        "id,c,e,s\n1,01.02.2024 10:00,01.02.2024,01.02.2024\n",
        columns={
            "created_at": "c",
            "closed_at": "e",
            "expected_close_at": {"column": "e", "format": "DD/MM/YYYY"},
        },
        stamps={"stage": {"won": "s"}},
        format=form,
    )
    marks = {"decimal_mark": ".", "thousands_mark": ""}
    assert desk.load.formats == marks | expected | {"expected_close_at": "DD/MM/YYYY"}
