"""The axis of business time beside a count of minutes, on 100,000 random clocks."""

from __future__ import annotations

import csv
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import duckdb
import numpy as np
import pyarrow as pa
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

FIRST, LAST = date(2025, 1, 1), date(2026, 12, 31)
CLOCKS = 100_000
# Half an hour off, a transition of half an hour, the other hemisphere, none, the date line.
ZONES = (
    "America/New_York", "Europe/Berlin", "Asia/Kolkata", "Australia/Lord_Howe",
    "Australia/Adelaide", "America/Sao_Paulo", "Pacific/Kiritimati", "UTC",
)  # fmt: skip
HOLIDAYS = ("2025-12-25", "2026-01-01", "2026-03-30", "2026-11-26")
HOURS = {
    # Over the hour at which clocks change, with a break, and on Sundays.
    "early": {1: [("01:00", "04:00")], 7: [("00:00", "03:30"), ("22:00", "24:00")]},
    "office": {day: [("09:00", "12:30"), ("13:30", "17:00")] for day in range(1, 6)},
    "always": {day: [("00:00", "24:00")] for day in range(1, 8)},
}

AGREEMENT = f"""
name: clocks
versions:
  - version: 1
    effective_from: 2025-01-01
    signed:
      marketing: {{by: Head of Marketing, date: 2024-12-14}}
      sales: {{by: Head of Sales, date: 2024-12-14}}
    stages:
      - {{key: mql, label: MQL, rank: 20, team: marketing, roles: [marketing_qualified],
         entered_when: [{{status: [mql]}}]}}
      - {{key: won, label: Won, rank: 60, team: sales, roles: [won],
         entered_when: [{{opportunity_outcome: [won]}}]}}
    exits: [{{key: lost, label: Lost, team: sales, left_when: [{{opportunity_outcome: [lost]}}]}}]
    calendars:
      - key: early
        label: Early
        zone_of: lead
        hours: {{mon: 01:00-04:00, sun: "00:00-03:30, 22:00-24:00"}}
        holidays: &holidays {{{", ".join(f"{day}: Holiday" for day in HOLIDAYS)}}}
      - key: office
        label: Office
        zone_of: lead
        hours: {{mon-fri: "09:00-12:30, 13:30-17:00"}}
        holidays: *holidays
      - {{key: always, label: Always, zone_of: lead, always_open: true}}
    reporting: {{time_zone: America/New_York, currency: USD}}
"""

MAPPING = """
name: clocks
title: A lead in each zone
as_of: 2026-11-30
source_time_zone: UTC
reporting_time_zone: America/New_York
agreement: agreement.yml
outcomes: won_and_lost
files:
  - {file: leads.csv, system: crm, entity: persons, load: full, exported_at: 2026-12-01, key: id,
     columns: {time_zone: zone, created_at: created_at}}
"""


@pytest.fixture(scope="module")
def warehouse(
    tmp_path_factory: pytest.TempPathFactory, land_and_build: Callable[..., Path]
) -> Iterator[duckdb.DuckDBPyConnection]:
    """The axes of three calendars in eight zones, built by dbt, open to temporary tables."""
    folder = tmp_path_factory.mktemp("clocks")
    (folder / "agreement.yml").write_text(AGREEMENT)
    (folder / "mapping.yml").write_text(MAPPING)
    with (folder / "leads.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(("id", "zone", "created_at"))
        rows.writerows((number, zone, "2025-01-01") for number, zone in enumerate(ZONES))
        rows.writerow(("nowhere", "Atlantis/Deep", "2025-01-01"))
    path = land_and_build(
        folder,
        tmp_path_factory.mktemp("workspace"),
        arguments=("--select", "+int_business_slots"),
    )
    with duckdb.connect(str(path), read_only=True) as connection:
        yield connection


@cache
def local_half_hours(zone: str) -> list[tuple[date, int, int]]:
    """Day, ISO weekday and minute of the day of each half hour since FIRST, UTC, in a zone."""
    here = ZoneInfo(zone)
    first = datetime(FIRST.year, FIRST.month, FIRST.day, tzinfo=UTC)
    found = []
    for number in range((LAST - FIRST).days * 48):
        local = (first + timedelta(minutes=30 * number)).astimezone(here)
        found.append((local.date(), local.isoweekday(), local.hour * 60 + local.minute))
    return found


def open_minutes(calendar: str, zone: str) -> np.ndarray[Any, np.dtype[np.int64]]:
    """How many minutes are open before each minute since FIRST, UTC: one after the other.

    Offsets of these zones are multiples of half an hour, and so are the hours.
    """
    hours = {
        day: [(_minutes(opens), _minutes(closes)) for opens, closes in spans]
        for day, spans in HOURS[calendar].items()
    }
    holidays = set() if calendar == "always" else {date.fromisoformat(day) for day in HOLIDAYS}
    is_open = [
        day not in holidays
        and any(opens <= minute < closes for opens, closes in hours.get(weekday, ()))
        for day, weekday, minute in local_half_hours(zone)
    ]
    return np.concatenate(([0], np.cumsum(np.repeat(is_open, 30))))


def _minutes(text: str) -> int:
    hours, minutes = text.split(":")
    return int(hours) * 60 + int(minutes)


def test_random_clocks_equal_a_count_of_minutes(warehouse: duckdb.DuckDBPyConnection) -> None:
    rng = np.random.default_rng(20261128)
    axes = warehouse.execute(
        "select axis_number, calendar, time_zone from intermediate.int_calendar_zones"
    ).fetchall()
    assert {(calendar, zone) for _, calendar, zone in axes} == {
        (calendar, zone) for calendar in HOURS for zone in ZONES
    }
    counted = [open_minutes(calendar, zone) for _, calendar, zone in axes]
    last = (date(2026, 11, 1) - FIRST).days * 1440
    which = rng.integers(0, len(axes), CLOCKS)
    start = rng.integers(2 * 1440, last, CLOCKS)
    stop = start + rng.integers(0, 20 * 1440, CLOCKS)
    target = rng.integers(1, 1000, CLOCKS)
    expected = np.empty((CLOCKS, 2), dtype=np.int64)
    for number, before in enumerate(counted):
        here = which == number
        expected[here, 0] = before[stop[here]] - before[start[here]]
        # The first minute at which so many are over.
        expected[here, 1] = np.searchsorted(before, before[start[here]] + target[here])
    clocks = {
        "axis": np.array([axis for axis, _, _ in axes])[which], "start": start, "stop": stop,
        "target": target, "minutes": expected[:, 0], "due": expected[:, 1],
    }  # fmt: skip
    clocks_drawn = pa.table(clocks)
    wrong = warehouse.execute(
        """
        with clocks as (
            select
                *,
                timestamp '2025-01-01' + to_minutes(start) as started_at,
                timestamp '2025-01-01' + to_minutes(stop) as stopped_at
            from clocks_drawn
        ),

        on_axis as (
            select
                c.*,
                b.seconds_before
                + case when b.is_open then epoch(c.started_at - b.from_at) else 0 end as at_start,
                e.seconds_before
                + case when e.is_open then epoch(c.stopped_at - e.from_at) else 0 end as at_stop
            from clocks as c
            join intermediate.int_business_time as b
                on b.axis_number = c.axis and b.utc_date = c.started_at::date
                and c.started_at >= b.from_at and c.started_at < b.until_at
            join intermediate.int_business_time as e
                on e.axis_number = c.axis and e.utc_date = c.stopped_at::date
                and c.stopped_at >= e.from_at and c.stopped_at < e.until_at
        )

        select count(*), count(s.from_at), count(*) filter (
            (o.at_stop - o.at_start) / 60 is distinct from o.minutes
            or s.from_at + to_seconds(o.at_start + o.target * 60 - s.seconds_before)
                is distinct from timestamp '2025-01-01' + to_minutes(o.due)
        )
        from on_axis as o
        left join intermediate.int_business_slots as s
            on s.axis_number = o.axis
            and s.slot = floor((o.at_start + o.target * 60) / 86400)
            and o.at_start + o.target * 60 > s.seconds_before
            and o.at_start + o.target * 60 <= s.seconds_after
        """
    ).fetchone()
    assert clocks_drawn.num_rows == CLOCKS
    assert wrong == (CLOCKS, CLOCKS, 0)
