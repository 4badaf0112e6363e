"""The instant that a run is about."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from ingestion.errors import TerminalError
from orchestration.as_of import resolve_as_of, resolve_beginning, resolve_instant

NOW = datetime(2026, 3, 10, 3, 30, tzinfo=UTC)
NEW_YORK = "America/New_York"


@pytest.mark.parametrize(
    ("asked", "of_data_set", "answer"),
    [
        # A date means its end in the reporting zone; New York moved its clocks on 8 March.
        ("2026-03-07", None, "2026-03-08T05:00:00+00:00"),
        ("2026-03-08", None, "2026-03-09T04:00:00+00:00"),
        ("2026-03-08T12:00:00+00:00", None, "2026-03-08T12:00:00+00:00"),
        ("2026-03-08T12:00:00Z", None, "2026-03-08T12:00:00+00:00"),
        ("2026-03-08 12:00", None, "2026-03-08T16:00:00+00:00"),
        ("2026-03-07", date(2018, 11, 14), "2026-03-08T05:00:00+00:00"),
        ("", date(2018, 11, 14), "2018-11-15T05:00:00+00:00"),
        # In New York it is still the 9th: its last complete day is the 8th.
        ("", None, "2026-03-09T04:00:00+00:00"),
    ],
)
def test_as_of(asked: str, of_data_set: date | None, answer: str) -> None:
    assert resolve_as_of(asked, of_data_set, NEW_YORK, NOW).isoformat() == answer


@pytest.mark.parametrize(
    ("asked", "answer"),
    [
        ("2026-03-08", "2026-03-08T05:00:00+00:00"),
        ("2026-03-09", "2026-03-09T04:00:00+00:00"),
        ("2026-03-08 12:00", "2026-03-08T16:00:00+00:00"),
    ],
)
def test_a_day_begins_at_its_midnight(asked: str, answer: str) -> None:
    assert resolve_beginning(asked, NEW_YORK, name="read_from").isoformat() == answer


@pytest.mark.parametrize("asked", ["yesterday", "2026-13-01", "31.12.2025"])
def test_what_is_no_instant_is_refused(asked: str) -> None:
    with pytest.raises(TerminalError) as refused:
        resolve_instant(asked, NEW_YORK, name="as_of")
    assert str(refused.value) == (
        f"as_of: {asked!r} is neither a date nor a date-time. "
        "Write e.g. 2026-03-31 or 2026-03-31T18:00:00+00:00"
    )
