"""`make timeline` tells the story of the tiny company's people, and what they lack."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from ingestion.errors import TerminalError
from orchestration.lock import hold_lock
from orchestration.timeline import WIDTH, timeline

if TYPE_CHECKING:
    from pathlib import Path

    from orchestration.workspace import Workspace


STORY = """\
2025-02-01 08:00  marketo     score: 0  [inferred]  moved nobody: below 60
2025-02-01 08:00  salesforce  status: open  [inferred]  moved nobody: satisfies no criterion
2025-02-01 12:00  marketo     score: 0 → 70  [observed]
                  ▶ pass 1: enter, → marketing_qualified
2025-02-02 12:00  marketo     score: 70 → 75  [observed]  moved nobody: was at 60 or more
2025-02-03 10:00  salesforce  status: open → sales_accepted  [observed]
                  ▶ pass 1: forward, marketing_qualified → sales_accepted
2025-02-04 10:30  marketo     activity page_visit  [stamped]  moved nobody: satisfies no criterion
2025-02-20 10:00  salesforce  status: sales_accepted → recycled  [observed]
                  ▶ pass 1: recycle, sales_accepted → recycled
"""


def told(workspace: Workspace, person: str) -> str:
    """The story with its lines joined where they were wrapped."""
    return timeline(workspace, person).replace("\n                  ", " ")


def test_who_somebody_is_comes_first(workspace: Workspace) -> None:
    lines = timeline(workspace, "salesforce/main/ada").splitlines()
    assert lines[:6] == [
        "person         salesforce/main/ada",
        "as of          2025-12-31, days and times in America/New_York, agreement version 1",
        "records        salesforce/main/ada (lead, created 2025-01-05)",
        "               marketo/main/P-ada (lead, created 2025-01-06)",
        "links          marketo/main/P-ada = salesforce/main/ada (stored id)",
        "               salesforce/main/ada = marketo/main/P-ada (email)",
    ]


@pytest.mark.parametrize(
    "person", ["salesforce/main/ada", "marketo/main/P-ada", " Ada@Example.com "]
)
def test_a_record_key_and_an_address_name_the_same_person(
    workspace: Workspace, person: str
) -> None:
    assert "person         salesforce/main/ada\n" in timeline(workspace, person)


def test_each_signal_says_what_it_did(workspace: Workspace) -> None:
    lines = timeline(workspace, "salesforce/main/bea").splitlines()
    story = lines[lines.index("") + 1 :]
    assert story[: story.index("")] == STORY.splitlines()


def test_silence_stands_where_it_ended_the_pass(workspace: Workspace) -> None:
    assert (
        "2025-07-09 11:30  engine  silence  [inferred] ▶ pass 1: expire, inquiry → expired"
        in told(workspace, "marketo/main/P-eve")
    )


def test_a_slip_moves_nobody(workspace: Workspace) -> None:
    assert (
        "status: open → sales_qualified  [observed]  moved nobody: a slip, shorter than the"
        " agreement's debounce"
    ) in told(workspace, "salesforce/main/dan")


def test_why_somebody_is_no_mql(workspace: Workspace) -> None:
    story = timeline(workspace, "ada@example.com")
    _, _, lacking = story.partition("not entered in pass 1:\n")
    assert lacking.splitlines()[:5] == [
        "why not Marketing qualified (MQL)?",
        "  status marketing_qualified: not met, open, undated",
        "  score at least 60 (marketo): not met, 45 on 2025-03-02",
        "why not Sales accepted (SAL)?",
        "  status sales_accepted: not met, open, undated",
    ]
    assert "why not Inquiry?" not in lacking


def test_no_address_is_told_that_was_not_asked_for(workspace: Workspace) -> None:
    by_key = timeline(workspace, "salesforce/main/ada")
    assert "@" not in by_key
    assert "email changed" in by_key
    assert "old.ada@example.com" not in timeline(workspace, "ada@example.com")


@pytest.mark.parametrize(
    "person", ["ada@example.com", "bea@example.com", "salesforce/main/cleo", "marketo/main/P-eve"]
)
def test_every_line_fits_in_100_columns(workspace: Workspace, person: str) -> None:
    assert max(map(len, timeline(workspace, person).splitlines())) <= WIDTH


@pytest.mark.parametrize(
    ("person", "words"),
    [
        ("bae", "no person has this key or address. Give a person key"),
        ("P-be", "Near it: marketo/main/P-bea"),
        ("nobody@example.com", "or the e-mail address of a record"),
        ("team-of-two@example.com", "2 persons have this address and were not taken for one"),
        (" ", "nobody was named"),
    ],
)
def test_whoever_is_not_found_is_told_what_to_give(
    workspace: Workspace, person: str, words: str
) -> None:
    with pytest.raises(TerminalError, match=words):
        timeline(workspace, person)


def test_while_a_run_is_in_progress_nothing_is_read(workspace: Workspace) -> None:
    # Another process: the lock lets its own process in again.
    command = [sys.executable, "-m", "orchestration.timeline", "ada@example.com"]
    with hold_lock(workspace.lock, "a run"):
        ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stdout) == (2, "")
    assert "another run is in progress (run a run, process" in ran.stderr
    assert subprocess.run(command, capture_output=True, check=False).returncode == 0


def test_before_the_first_run_it_says_what_to_call(workspace: Workspace, tmp_path: Path) -> None:
    empty = type(workspace)(data_set="none", folder=tmp_path, exports=tmp_path)
    with pytest.raises(TerminalError, match="Call `make run`"):
        timeline(empty, "ada@example.com")
    assert not list(tmp_path.iterdir())
