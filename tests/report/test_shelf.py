"""Reports are there whole or not at all, switched in one step, and the last few stay."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import pytest

from orchestration.report.shelf import CURRENT, INDEX, KEPT, drop, names, put

if TYPE_CHECKING:
    from pathlib import Path

PAGES = ("index.html", "funnel.html")


def _files(text: str) -> dict[str, str]:
    return dict.fromkeys(PAGES, text * 20_000)


@pytest.fixture
def reports(tmp_path: Path) -> Path:
    return tmp_path / "reports"


def test_what_is_put_is_there_and_current(reports: Path) -> None:
    place = put(reports, "r1", _files("a"))
    assert place == reports / "r1"
    assert (reports / CURRENT).resolve() == place
    assert {path.name: path.read_text() for path in place.iterdir()} == _files("a")
    assert put(reports, "r2", _files("b"), is_beside=True) == reports / "r2"
    assert (reports / CURRENT).resolve() == place


def test_the_last_few_stay_and_always_the_current_one(reports: Path) -> None:
    put(reports, "r0", _files("a"))
    for one in range(1, KEPT + 3):
        put(reports, f"r{one}", _files("b"), is_beside=True)
    assert names(reports) == ["r0", *(f"r{one}" for one in range(3, KEPT + 3))]
    assert (reports / CURRENT).resolve().name == "r0"


def test_the_same_name_again_replaces_it(reports: Path) -> None:
    put(reports, "r1", {**_files("a"), "gone.html": "a"})
    put(reports, "r1", _files("b"))
    assert {path.name: path.read_text() for path in (reports / "r1").iterdir()} == _files("b")
    assert sorted(path.name for path in reports.iterdir()) == [CURRENT, "r1"]


def test_a_reader_sees_a_whole_report_at_any_time(reports: Path) -> None:
    put(reports, "r000", _files("a"))
    is_over = threading.Event()
    seen: list[set[str]] = []

    def read() -> None:
        while not is_over.is_set():
            folder = (reports / CURRENT).resolve()
            try:
                seen.append({(folder / page).read_text() for page in PAGES})
            except FileNotFoundError:
                # Retired meanwhile: it had its name, and the link leads to another one now.
                assert (reports / CURRENT).resolve() != folder

    reader = threading.Thread(target=read)
    reader.start()
    for one in range(1, 40):
        put(reports, f"r{one:03}", _files("abcdefg"[one % 7]))
    is_over.set()
    reader.join()
    assert len(seen) > 10
    assert all(len(one) == 1 and len(next(iter(one))) == 20_000 for one in seen)


# The process kills itself at the n-th call of a function on the way.
KILLED = """
import os, signal, sys
from pathlib import Path
from orchestration.report import shelf

def until(function, calls=[0]):
    def wrapped(*arguments, **options):
        calls[0] += 1
        if calls[0] == int(sys.argv[3]):
            os.kill(os.getpid(), signal.SIGKILL)
        return function(*arguments, **options)
    return wrapped

setattr(shelf, sys.argv[2], until(getattr(shelf, sys.argv[2])))
shelf.put(Path(sys.argv[1]), "killed", {"index.html": "k", "funnel.html": "k"})
"""


@pytest.mark.parametrize(
    ("function", "calls"), [("sync", 1), ("sync", 2), ("sync", 3), ("_switch", 1), ("_retire", 1)]
)
def test_killed_in_the_middle(reports: Path, function: str, calls: int) -> None:
    put(reports, "former", _files("a"))
    command = [sys.executable, "-c", KILLED, str(reports), function, str(calls)]
    assert subprocess.run(command, check=False).returncode == -signal.SIGKILL
    served = (reports / CURRENT).resolve().name
    assert served == ("killed" if function == "_retire" else "former")
    assert (reports / CURRENT / INDEX).read_text() in {"k", "a" * 20_000}
    put(reports, "next", _files("n"))
    assert (reports / CURRENT).resolve().name == "next"
    assert list(reports.glob(".*")) == []


def test_what_cannot_be_written_leaves_the_former_one(reports: Path) -> None:
    put(reports, "former", _files("a"))
    with pytest.raises(FileNotFoundError):
        put(reports, "broken", {INDEX: "b", "no/such/folder.html": "b"})
    assert (reports / CURRENT).resolve().name == "former"
    assert names(reports) == ["former"]


def test_drop_leaves_nothing(reports: Path) -> None:
    assert drop(reports) == 0
    put(reports, "r1", _files("a"))
    put(reports, "r2", _files("a"))
    assert drop(reports) == 2
    assert list(reports.iterdir()) == []
    assert names(reports) == []
