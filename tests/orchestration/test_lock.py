"""One run at a time: who is refused, and what a death leaves."""

from __future__ import annotations

import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from ingestion.errors import TerminalError
from orchestration.lock import hold_lock

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

HOLDER = """
import sys, time
from pathlib import Path
from orchestration.lock import hold_lock
with hold_lock(Path(sys.argv[1]), "the-other-run"):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def holder(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds the lock."""
    command = [sys.executable, "-c", HOLDER, str(tmp_path / "run.lock")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_the_second_is_refused_at_once(tmp_path: Path, holder: subprocess.Popen[str]) -> None:
    with pytest.raises(TerminalError) as refused, hold_lock(tmp_path / "run.lock", "mine"):
        pass
    words = str(refused.value)
    assert f"another run is in progress (run the-other-run, process {holder.pid}, since 20" in words
    assert words.endswith("Wait until it has ended, or stop that process")


def test_death_releases_it(tmp_path: Path, holder: subprocess.Popen[str]) -> None:
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    with hold_lock(tmp_path / "run.lock", "mine"):
        pass


def test_its_own_process_may_take_it_again(tmp_path: Path) -> None:
    path = tmp_path / "run.lock"
    with hold_lock(path, "outer"):
        with hold_lock(path, "inner"):
            pass
        command = [sys.executable, "-c", HOLDER, str(path)]
        found = subprocess.run(command, capture_output=True, text=True, check=False)
        assert "another run is in progress (run outer, " in found.stderr
