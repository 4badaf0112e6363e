"""Versions of records: what changes give, what full exports and increments hold."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion.sandbox.systems.columns import column, dates, instants
from ingestion.sandbox.systems.stored import Changing, Stored, append_only, build_stored

NEW_YORK = ZoneInfo("America/New_York")
NEVER = float("nan")
# Few enough that changes meet in one second, come before the creation and after the end.
SECONDS = st.integers(-5, 30)


@dataclass(frozen=True)
class Case:
    created: list[int]
    gone: list[int | None]
    lag: list[int]
    first: list[list[str | None]]  # per field, per record
    changes: list[list[tuple[int, int | None, str | None]]]  # per field: record, at, value

    @property
    def fields(self) -> list[str]:
        return [f"f{place}" for place in range(len(self.first))]


@st.composite
def cases(draw: st.DrawFn, *, clean: bool = False) -> Case:
    count = draw(st.integers(1, 4))
    value = st.sampled_from(["a", "b", "c", None])
    per_record = {"min_size": count, "max_size": count}
    change = st.tuples(st.integers(0, count - 1), st.none() | SECONDS, value)
    fields = draw(st.integers(1, 3))
    return Case(
        created=draw(st.lists(SECONDS, **per_record)),
        gone=[None] * count if clean else draw(st.lists(st.none() | SECONDS, **per_record)),
        lag=[0] * count if clean else draw(st.lists(st.integers(0, 9), **per_record)),
        first=[draw(st.lists(value, **per_record)) for _ in range(fields)],
        changes=[draw(st.lists(change, max_size=12)) for _ in range(fields)],
    )


def moments(values: list[Any]) -> np.ndarray:
    return np.array([NEVER if one is None else one for one in values], dtype=float)


def texts(values: list[str | None]) -> np.ndarray:
    return np.array(values, dtype=object)


def built(case: Case) -> Stored:
    return build_stored(
        "Lead",
        ("Id", *case.fields, "SystemModstamp"),
        created_at=moments(case.created),
        fixed={"Id": np.arange(len(case.created))},
        changing={
            field: Changing(
                texts(first),
                np.array([record for record, _, _ in changes], dtype=np.int64),
                moments([at for _, at, _ in changes]),
                texts([value for _, _, value in changes]),
            )
            for field, first, changes in zip(case.fields, case.first, case.changes, strict=True)
        },
        stamp="SystemModstamp",
        gone_at=moments(case.gone),
        lag=moments(case.lag),
    )


def replayed(case: Case) -> list[tuple[int, float, float, dict[str, Any]]]:
    """Record, shown from and until, and the row of each version, one change after the other."""
    found = []
    for record, created in enumerate(case.created):
        gone = case.gone[record]
        end = float("inf") if gone is None else gone
        row: dict[str, Any] = {"Id": record}
        steps: list[tuple[int, str, str | None]] = []
        for field, first, changes in zip(case.fields, case.first, case.changes, strict=True):
            row[field] = first[record]
            steps += [(at, field, to) for of, at, to in changes if of == record and at is not None]
        rows: dict[int, dict[str, Any]] = {}
        for at, field, value in sorted(steps, key=lambda step: step[0]):  # stable
            if at > created:
                rows.setdefault(created, row)
            row = {**row, field: value}
            rows[max(at, created)] = row
        rows.setdefault(created, row)
        begins = [at for at in rows if at < end]
        shown = [at + (case.lag[record] if at == begins[-1] else 0) for at in begins]
        for place, at in enumerate(begins):
            until = min(end, *shown[place + 1 : place + 2], float("inf"))
            if shown[place] < until:
                stamp = datetime.fromtimestamp(at, ZoneInfo("UTC")).replace(tzinfo=None)
                version = {**rows[at], "SystemModstamp": stamp}
                found.append((record, float(shown[place]), until, version))
    return found


@given(cases())
def test_versions_are_what_a_replay_of_the_changes_gives(case: Case) -> None:
    stored, expected = built(case), replayed(case)
    assert stored.record.tolist() == [record for record, _, _, _ in expected]
    assert stored.shown_from.tolist() == [start for _, start, _, _ in expected]
    assert stored.shown_until.tolist() == [end for _, _, end, _ in expected]
    for moment in range(-6, 42):
        assert stored.at(moment).to_pylist() == [
            row for _, start, end, row in expected if start <= moment < end
        ]


@given(cases(), SECONDS, st.integers(0, 20))
def test_an_increment_holds_the_last_new_version_of_what_is_still_shown(
    case: Case, start: int, length: int
) -> None:
    end = start + length
    last: dict[int, tuple[float, dict[str, Any]]] = {}
    for record, shown_from, until, row in replayed(case):
        if start <= shown_from < end:
            last[record] = (until, row)
    assert built(case).between(start, end).to_pylist() == [
        row for until, row in last.values() if until >= end
    ]


@given(cases(clean=True), st.integers(1, 13))
def test_all_increments_in_order_make_the_full_export(case: Case, day: int) -> None:
    stored = built(case)
    edges = [*range(-5, 31 + day, day)]
    found: dict[int, dict[str, Any]] = {}
    for start, end in pairwise(edges):
        found |= {row["Id"]: row for row in stored.between(start, end).to_pylist()}
    assert [found[key] for key in sorted(found)] == stored.at(edges[-1]).to_pylist()


def test_of_two_changes_in_one_second_the_later_given_one_holds() -> None:
    stored = build_stored(
        "Lead",
        ("Status",),
        created_at=moments([0]),
        fixed={},
        changing={
            "Status": Changing(
                texts(["new"]), np.array([0, 0]), moments([60, 60]), texts(["open", "closed"])
            )
        },
    )
    assert stored.shown_from.tolist() == [0, 60]
    assert stored.at(60).to_pylist() == [{"Status": "closed"}]


def test_the_latest_change_before_the_creation_is_the_first_value() -> None:
    stored = build_stored(
        "Lead",
        ("Score",),
        created_at=moments([100]),
        fixed={},
        changing={
            "Score": Changing(
                np.array([1]), np.array([0, 0, 0]), moments([50, 90, 70]), np.array([2, 3, 4])
            )
        },
    )
    assert stored.shown_from.tolist() == [100]
    assert stored.at(100).to_pylist() == [{"Score": 3}]


def test_a_late_commit_is_in_the_increment_after_its_stamp() -> None:
    stored = build_stored(
        "Lead",
        ("Status", "SystemModstamp"),
        created_at=moments([0]),
        fixed={},
        changing={
            "Status": Changing(texts(["new"]), np.array([0]), moments([90]), texts(["open"]))
        },
        stamp="SystemModstamp",
        lag=moments([20]),
    )
    assert stored.at(100)["Status"].to_pylist() == ["new"]
    assert stored.between(50, 100).num_rows == 0
    (row,) = stored.between(100, 150).to_pylist()
    assert row == {"Status": "open", "SystemModstamp": datetime(1970, 1, 1, 0, 1, 30)}


def test_what_is_gone_is_in_no_later_export() -> None:
    stored = build_stored(
        "CampaignMember",
        ("Id",),
        created_at=moments([0, 10]),
        fixed={"Id": texts(["a", "b"])},
        changing={},
        gone_at=moments([50, None]),
    )
    assert stored.at(49).to_pydict() == {"Id": ["a", "b"]}
    assert stored.at(50).to_pydict() == {"Id": ["b"]}
    assert stored.between(0, 60).to_pydict() == {"Id": ["b"]}


def test_append_only_records_are_shown_until_they_are_purged() -> None:
    stored = append_only(
        "LeadHistory",
        ("Id", "Field"),
        {"Id": texts(["a", "b", "c"]), "Field": pa.array(["x", "y", "z"]).dictionary_encode()},
        moments([10, 20, 30]),
        moments([100, None, 30]),
    )
    assert stored.at(25).to_pydict() == {"Id": ["a", "b"], "Field": ["x", "y"]}
    assert stored.at(100)["Id"].to_pylist() == ["b"]
    assert stored.between(15, 40)["Id"].to_pylist() == ["b"]
    assert stored.fixed["Field"].type == pa.dictionary(pa.int32(), pa.string())


def test_a_dictionary_stays_one_only_if_the_changes_are_one_too() -> None:
    words, plain = pa.array(["a"]).dictionary_encode(), pa.array(["b"])
    for value in (pa.array(["b"]).dictionary_encode(), plain):
        stored = build_stored(
            "Lead",
            ("Status",),
            created_at=moments([0]),
            fixed={},
            changing={"Status": Changing(words, np.array([0]), moments([5]), value)},
        )
        is_dictionary = pa.types.is_dictionary(stored.varying["Status"].type)
        assert is_dictionary == (value is not plain)
        assert stored.at(5).to_pydict() == {"Status": ["b"]}


def test_no_records_make_no_versions() -> None:
    nothing = Changing(texts([]), np.array([], dtype=np.int64), moments([]), texts([]))
    stored = build_stored(
        "Lead",
        ("Status", "updatedAt"),
        created_at=moments([]),
        fixed={},
        changing={"Status": nothing},
        stamp="updatedAt",
    )
    assert stored.at(0).num_rows == stored.between(0, 9).num_rows == 0


@pytest.mark.parametrize(
    ("given_", "message"),
    [
        ({"created_at": moments([None])}, "moments must be whole seconds"),
        ({"created_at": moments([0.5])}, "moments must be whole seconds"),
        ({"lag": moments([-1])}, "0 or more seconds"),
        ({"gone_at": moments([9, 9])}, "Lead: gone_at and lag need 1 values"),
        ({"fixed": {"Id": texts(["a", "b"])}}, "Lead: fixed fields need 1 values"),
        ({"fields": ("Id", "Name")}, r"Lead: no values for \['Name'\]"),
        ({"fields": ("Id", "Id")}, "Lead: a field is there twice"),
        ({"stamp": "Id"}, "Lead: a field is there twice: {'Id'}"),
        ({"stamp": "Status"}, "Lead: Status is the stamp and changes by itself"),
    ],
)
def test_what_cannot_be_is_refused(given_: dict[str, Any], message: str) -> None:
    usual: dict[str, Any] = {
        "fields": ("Id",),
        "created_at": moments([0]),
        "fixed": {"Id": texts(["a"])},
        "changing": {"Status": Changing(texts(["new"]), np.array([0]), moments([5]), texts(["x"]))},
    }
    with pytest.raises(ValueError, match=message):
        build_stored("Lead", **{**usual, **given_})


@pytest.mark.parametrize(
    ("record", "at", "value", "message"),
    [
        ([1], [5], ["x"], "Lead.Status: a change of a record that does not exist"),
        ([-1], [5], ["x"], "Lead.Status: a change of a record that does not exist"),
        ([0], [5, 6], ["x"], "Lead.Status: "),
        ([0], [5.5], ["x"], "whole seconds"),
    ],
)
def test_a_change_that_cannot_be_is_refused(
    record: list[int], at: list[float], value: list[str], message: str
) -> None:
    changing = {"Status": Changing(texts(["new"]), np.array(record), moments(at), texts(value))}
    with pytest.raises(ValueError, match=message):
        build_stored("Lead", ("Status",), created_at=moments([0]), fixed={}, changing=changing)


@pytest.mark.parametrize(
    ("record", "shown_from", "shown_until"),
    [([1, 0], [0, 0], [9, 9]), ([0, 0], [0, 5], [6, 9]), ([0, 1], [0, 5], [6, 5])],
)
def test_versions_are_in_order_and_never_overlap(
    record: list[int], shown_from: list[float], shown_until: list[float]
) -> None:
    with pytest.raises(ValueError, match="out of order, overlapping or never shown"):
        Stored("Lead", {}, np.array(record), moments(shown_from), moments(shown_until), {}, ())


def test_a_history_entry_that_never_comes_is_refused() -> None:
    with pytest.raises(ValueError, match="shown from never"):
        append_only("LeadHistory", ("Id",), {"Id": texts(["a"])}, moments([None]))


def test_columns_come_from_numpy_and_arrow() -> None:
    assert column(texts(["a", None])).equals(pa.array(["a", None]))
    assert column(texts([None])).type == pa.string()
    assert column(np.array([1.5, NEVER])).to_pylist() == [1.5, None]
    assert column(np.array([True])).type == pa.bool_()
    assert column(pa.chunked_array([["a"], ["b"]])).equals(pa.array(["a", "b"]))
    with pytest.raises(pa.ArrowTypeError):
        column(np.array(["a", NEVER], dtype=object))


def test_instants_are_utc_and_null_for_never() -> None:
    found = instants(moments([0, None, 1e9]))
    assert found.type == pa.timestamp("s")
    assert found.to_pylist() == [datetime(1970, 1, 1), None, datetime(2001, 9, 9, 1, 46, 40)]
    with pytest.raises(ValueError, match="truncated"):
        instants(moments([0.5]))


@given(st.lists(st.none() | st.integers(-(10**9), 3 * 10**9), max_size=20))
def test_dates_are_local_days(seconds: list[int | None]) -> None:
    expected: list[date | None] = [
        None if one is None else datetime.fromtimestamp(one, NEW_YORK).date() for one in seconds
    ]
    found = dates(moments(seconds), "America/New_York")
    assert found.type == pa.date32()
    assert found.to_pylist() == expected


def test_a_day_ends_at_midnight_of_the_zone() -> None:
    midnight = datetime(2025, 7, 1, tzinfo=NEW_YORK).timestamp()
    found = moments([midnight - 1, midnight])
    assert dates(found, "America/New_York").to_pylist() == [date(2025, 6, 30), date(2025, 7, 1)]
    assert dates(found).to_pylist() == [date(2025, 7, 1)] * 2
