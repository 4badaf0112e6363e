"""Lines of plain text while something is going on."""

from __future__ import annotations

import logging
from time import sleep

import pytest

from orchestration import progress


@pytest.fixture
def lines(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    monkeypatch.setattr(logging.getLogger(progress.NAME), "propagate", True)
    caplog.set_level(logging.INFO, progress.NAME)
    return caplog.messages


def test_phase_what_rows_seconds(lines: list[str], caplog: pytest.LogCaptureFixture) -> None:
    progress.say("land", "leads.csv", rows=1234567, seconds=2.345)
    progress.say("land", "no mapping names: notes.txt")
    assert [line.split("  ")[0] for line in caplog.messages] == ["land", "land"]
    assert caplog.messages[0].endswith("1,234,567 rows    2.3 s")
    assert caplog.messages[1] == "land      no mapping names: notes.txt"


def test_long_work_says_that_it_goes_on(caplog: pytest.LogCaptureFixture, lines: list[str]) -> None:
    with progress.still("build", "the models", every=0.01):
        sleep(0.1)
    told = len(caplog.messages)
    assert told >= 2
    assert caplog.messages[0].startswith("build     still at the models")
    sleep(0.05)
    assert len(caplog.messages) == told
