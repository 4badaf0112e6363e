"""Tests on real exports run where REAL_DATA names their folder; set but absent is an error.

Long tests, of which a shorter one beside them shows nearly the same, run where LONG is set.
"""

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


def real_data() -> Path | None:
    given = os.environ.get("REAL_DATA")
    return Path(given).resolve() if given else None


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "real_data: reads the real exports that REAL_DATA names")
    config.addinivalue_line("markers", "long: minutes; LONG=1 runs it, CI does not")
    folder = real_data()
    if folder and not folder.is_dir():
        raise pytest.UsageError(f"REAL_DATA is {folder}, which is no folder. Unset it or mend it.")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    for marker, is_wanted in (("real_data", real_data()), ("long", os.environ.get("LONG"))):
        left_out = [] if is_wanted else [one for one in items if one.get_closest_marker(marker)]
        if left_out:
            items[:] = [item for item in items if item not in left_out]
            config.hook.pytest_deselected(items=left_out)


def pytest_terminal_summary(terminalreporter: TerminalReporter) -> None:
    if not real_data():
        terminalreporter.write_line("REAL_DATA is not set: tests on real exports were left out.")
    if not os.environ.get("LONG"):
        terminalreporter.write_line("LONG is not set: long tests were left out.")
