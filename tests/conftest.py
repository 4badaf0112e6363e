"""Tests on real exports run where REAL_DATA names their folder; set but absent is an error."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import hypothesis
import pytest

if TYPE_CHECKING:
    from _pytest.terminal import TerminalReporter

# How long an example takes says more about the machine than about the code.
hypothesis.settings.register_profile("untimed", deadline=None)
hypothesis.settings.load_profile("untimed")

_DESELECTED = pytest.StashKey[int]()


def real_data() -> Path | None:
    given = os.environ.get("REAL_DATA")
    return Path(given).resolve() if given else None


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "real_data: reads the real exports that REAL_DATA names")
    folder = real_data()
    if folder and not folder.is_dir():
        raise pytest.UsageError(f"REAL_DATA is {folder}, which is no folder. Unset it or mend it.")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if real_data():
        return
    left_out = [item for item in items if item.get_closest_marker("real_data")]
    config.stash[_DESELECTED] = len(left_out)
    if left_out:
        items[:] = [item for item in items if item not in left_out]
        config.hook.pytest_deselected(items=left_out)


def pytest_terminal_summary(terminalreporter: TerminalReporter, config: pytest.Config) -> None:
    if left_out := config.stash.get(_DESELECTED, 0):
        terminalreporter.write_line(
            f"REAL_DATA is not set: {left_out} tests on real exports were deselected."
        )
