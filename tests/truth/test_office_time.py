from __future__ import annotations

from datetime import datetime

import numpy as np
import pytest

from tests.truth.companies import PROJECT
from tests.truth.office_time import office_seconds, read_promises


@pytest.mark.parametrize(
    ("start", "stop", "minutes"),
    [
        ("2026-03-06 21:45", "2026-03-09 13:20", 35),  # G44: a weekend and the clocks change
        ("2026-03-07 17:00", "2026-03-07 17:10", 0),  # G45: a Saturday
        ("2026-11-25 21:00", "2026-11-27 15:00", 120),  # G46: a holiday between
        ("2026-11-26 15:00", "2026-11-26 16:00", 0),  # the holiday itself
        ("2026-03-02 12:00", "2026-03-02 23:00", 480),  # before opening to after closing
    ],
)
def test_office_minutes(start: str, stop: str, minutes: int) -> None:
    promises = read_promises(PROJECT / "agreement.yml")
    moments = [datetime.fromisoformat(one) for one in (start, stop)]
    first, last = office_seconds(moments, promises)
    assert last - first == 60 * minutes


def test_what_never_happens_has_no_office_time() -> None:
    promises = read_promises(PROJECT / "agreement.yml")
    assert np.isnan(office_seconds([None], promises)).all()


def test_the_promises_are_those_of_the_agreement() -> None:
    promises = read_promises(PROJECT / "agreement.yml")
    assert promises.minutes == {"speed_to_lead": 120, "rep_response": 60, "decision": 480}
    assert len(promises.holidays) == 33
