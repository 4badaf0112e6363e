"""Windows follow each other without a gap, whatever landed in between."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from ingestion.connectors.window import Window, bookmark, next_window
from ingestion.landing import Kind, Manifest

START = datetime(2026, 1, 1, tzinfo=UTC)
LOOK_BACK = timedelta(minutes=10)


def minutes(number: int) -> datetime:
    return START + timedelta(minutes=number)


def load(start: int | None, end: int, kind: Kind = "increment") -> Manifest:
    known: dict[str, Any] = {"source": "salesforce", "instance": "main", "object": "Lead"}
    return Manifest(
        load_id=f"{kind}-{start}-{end}",
        kind=kind,
        window_start=None if start is None else minutes(start),
        window_end=minutes(end),
        extracted_at=minutes(end),
        checksum="0",
        **known,
    )


def test_the_first_window_reaches_from_the_beginning_or_from_a_given_day() -> None:
    assert next_window([], minutes(100), LOOK_BACK) == Window(None, minutes(100))
    assert next_window([], minutes(100), LOOK_BACK, minutes(50)).start == minutes(50)


def test_the_next_window_looks_back_and_ends_at_the_start_of_the_run() -> None:
    window = next_window([load(None, 100)], minutes(160), LOOK_BACK)
    assert window == Window(minutes(90), minutes(160), minutes(100))


def test_what_lies_behind_a_gap_was_not_read() -> None:
    assert bookmark([load(None, 100), load(120, 200)]) == minutes(100)
    assert bookmark([load(120, 200), load(None, 100), load(95, 125)]) == minutes(200)


def test_a_backfill_and_a_full_load_move_nothing() -> None:
    loads = [load(None, 100), load(0, 500, "backfill"), load(None, 900, "full")]
    assert bookmark(loads) == minutes(100)


def test_a_clock_that_went_back_reads_nothing_twice_and_loses_nothing() -> None:
    window = next_window([load(None, 100)], minutes(40), LOOK_BACK)
    assert (window.start, window.end) == (minutes(90), minutes(100))


@given(
    st.lists(st.integers(1, 500), min_size=1, max_size=30),
    st.sets(st.integers(0, 29)),
    st.integers(0, 60),
)
def test_runs_that_fail_leave_no_moment_unread(
    steps: list[int], failing: set[int], look_back: int
) -> None:
    now, loads = 0, []
    for run, step in enumerate(steps):
        now += step
        window = next_window(loads, minutes(now), timedelta(minutes=look_back))
        if run not in failing:
            start = window.start and int((window.start - START) / timedelta(minutes=1))
            loads.append(load(start, now))
    if loads:
        last = max(run for run in range(len(steps)) if run not in failing)
        assert bookmark(loads) == minutes(sum(steps[: last + 1]))
