"""Time: zones with daylight saving, office hours, when people are awake."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion.sandbox.clock import (
    DAY,
    HOUR,
    MINUTE,
    ZONES,
    before,
    evening,
    ever,
    gap,
    later,
    local,
    local_day,
    midnight,
    never,
    office_days,
    only,
    universal,
    waking,
    weekday,
    working,
)

NEVER = float("nan")
# Every second from 2022 to 2027; and of each zone, the days around both changes of its clocks.
INSTANTS = st.integers(1_640_995_200, 1_830_297_600)
CHANGES = [
    (zone, datetime.fromisoformat(day).replace(tzinfo=UTC))
    for zone, days in {
        "America/New_York": ("2024-03-10 07:00", "2024-11-03 06:00"),
        "America/Chicago": ("2024-03-10 08:00", "2024-11-03 07:00"),
        "America/Los_Angeles": ("2024-03-10 10:00", "2024-11-03 09:00"),
        "Europe/London": ("2024-03-31 01:00", "2024-10-27 01:00"),
        "Europe/Berlin": ("2024-03-31 01:00", "2024-10-27 01:00"),
    }.items()
    for day in days
]


def seconds(*moments: datetime) -> np.ndarray:
    return np.array([moment.timestamp() for moment in moments])


def places(zone: str, count: int = 1) -> np.ndarray:
    return np.full(count, ZONES.index(zone))


def shown(moment: float, zone: str) -> datetime:
    return datetime.fromtimestamp(moment, ZoneInfo(zone))


def is_open(moment: datetime) -> bool:
    return moment.weekday() < 5 and 9 <= moment.hour < 17


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(1)


@given(st.lists(INSTANTS, min_size=1, max_size=20), st.sampled_from(ZONES))
def test_clocks_show_what_the_zone_says(instants: list[int], zone: str) -> None:
    moments = np.array(instants, dtype=float)
    found = local(moments, places(zone, len(moments)))
    for moment, clock in zip(instants, found, strict=True):
        wanted = shown(moment, zone).replace(tzinfo=UTC).timestamp()
        assert clock == wanted


@given(st.lists(INSTANTS, min_size=1, max_size=20), st.sampled_from(ZONES))
def test_what_clocks_show_leads_back_to_the_moment(instants: list[int], zone: str) -> None:
    moments, zones = np.array(instants, dtype=float), places(zone, len(instants))
    back = universal(local(moments, zones), zones)
    # In autumn one hour comes twice; then either is right.
    assert np.isin(np.abs(back - moments), (0, HOUR)).all()
    assert (local(back, zones) == local(moments, zones)).all()


@pytest.mark.parametrize(("zone", "change"), CHANGES)
def test_an_hour_is_skipped_or_repeated_when_clocks_change(zone: str, change: datetime) -> None:
    moments = seconds(change - timedelta(seconds=1), change)
    before_it, at_it = local(moments, places(zone, 2))
    assert at_it - before_it == 1 + (HOUR if change.month == 3 else -HOUR)


@pytest.mark.parametrize(("zone", "change"), CHANGES)
def test_the_next_working_day_begins_at_nine_after_clocks_changed(
    rng: np.random.Generator, zone: str, change: datetime
) -> None:
    evening_before = change - timedelta(hours=20)
    found = working(rng, seconds(evening_before), places(zone))
    monday = (change + timedelta(days=1)).date()
    opens = datetime(monday.year, monday.month, monday.day, 9, tzinfo=ZoneInfo(zone))
    assert opens.timestamp() <= found[0] < opens.timestamp() + 45 * MINUTE


@given(st.lists(INSTANTS, min_size=1, max_size=20), st.sampled_from(ZONES))
def test_work_is_done_in_office_hours_and_never_sooner(instants: list[int], zone: str) -> None:
    moments = np.array(instants, dtype=float)
    found = working(np.random.default_rng(1), moments, places(zone, len(moments)))
    assert (found >= moments).all()
    for moment, done in zip(instants, found, strict=True):
        assert is_open(shown(done, zone))
        if is_open(shown(moment, zone)):
            assert done == moment
        else:  # a weekend and an evening at the most
            assert done - moment < 3 * DAY


@given(st.lists(INSTANTS, min_size=1, max_size=20), st.sampled_from(ZONES))
def test_people_are_awake_from_seven_to_ten(instants: list[int], zone: str) -> None:
    moments, zones = np.array(sorted(instants), dtype=float), places(zone, len(instants))
    found = waking(moments, zones)
    for moment, awake in zip(sorted(instants), found, strict=True):
        assert shown(awake, zone).date() == shown(moment, zone).date()
        assert 7 <= shown(awake, zone).hour < 22
    of_one_day = np.diff(np.floor(local(moments, zones) / DAY)) == 0
    assert (np.diff(found)[of_one_day] >= 0).all()


def test_most_of_what_people_do_is_done_in_office_hours() -> None:
    start = midnight(date(2024, 5, 6))
    moments = start + np.arange(0, DAY, 10)
    hours = local(waking(moments, np.zeros(len(moments), int)), np.zeros(len(moments), int))
    of_day = hours / HOUR % 24
    assert 0.65 < ((of_day >= 9) & (of_day < 17)).mean() < 0.8


@pytest.mark.parametrize("share", [0.0, 0.7, 1.0])
def test_this_share_of_a_weekend_moves_into_the_week_after_it(
    rng: np.random.Generator, share: float
) -> None:
    saturday = midnight(date(2024, 6, 1))
    moments = saturday + np.floor(2 * DAY * rng.random(4_000))
    found = office_days(rng, moments, np.zeros(4_000, int), share)
    days = local_day(found)
    moved = weekday(days) < 5
    assert moved.mean() == pytest.approx(share, abs=0.03)
    assert (found[~moved] == moments[~moved]).all()
    assert (found[moved] >= saturday + 2 * DAY).all()
    assert (found[moved] < saturday + 7 * DAY).all()
    assert ((found - moments) % DAY == 0).all()


@given(st.lists(INSTANTS, min_size=1, max_size=20), st.sampled_from(ZONES))
def test_the_next_evening_is_within_a_day(instants: list[int], zone: str) -> None:
    moments = np.array(instants, dtype=float)
    found = evening(np.random.default_rng(1), moments, places(zone, len(moments)))
    assert (found > moments).all()
    # A day has up to 25 hours.
    assert (found - moments < 30 * HOUR).all()
    assert all(18 <= shown(one, zone).hour < 22 for one in found)


@given(INSTANTS, st.sampled_from(ZONES))
def test_local_days_are_those_of_the_calendar(instant: int, zone: str) -> None:
    day = local_day(np.array([float(instant)]), zone)[0]
    wanted = shown(instant, zone).date()
    assert day == (wanted - date(1970, 1, 1)).days
    assert weekday(np.array([day]))[0] == wanted.weekday()
    assert midnight(wanted, zone) <= instant < midnight(wanted + timedelta(days=1), zone)


def test_never_stays_never(rng: np.random.Generator) -> None:
    moments, zones = never(3), np.array([0, 2, 4])
    for found in (
        local(moments, zones),
        universal(moments, zones),
        waking(moments, zones),
        working(rng, moments, zones),
        office_days(rng, moments, zones),
        evening(rng, moments, zones),
        later(rng, moments, zones, HOUR),
    ):
        assert not ever(found).any()
    assert np.isnan(local_day(moments)).all()


def test_what_comes_at_the_end_comes_no_more() -> None:
    moments = np.array([1.0, 2.0, 3.0, NEVER])
    assert before(2.0, moments).tolist()[:1] == [1.0]
    assert ever(before(2.0, moments)).tolist() == [True, False, False, False]
    assert ever(only(moments > 2, moments)).tolist() == [False, False, True, False]


def test_durations_have_the_median_that_was_asked_for(rng: np.random.Generator) -> None:
    lengths = gap(rng, 20_000, HOUR, 0.9)
    assert np.median(lengths) == pytest.approx(HOUR, rel=0.03)
    # Log-normal: nine of ten are below the median times e to the power of 1.28 spreads.
    assert np.percentile(lengths, 90) == pytest.approx(HOUR * np.exp(1.2816 * 0.9), rel=0.05)
