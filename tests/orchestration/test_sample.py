"""The sample: a simulated company that the first run writes, and what its summary says of it."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pytest

from ingestion.errors import TerminalError
from ingestion.sandbox.written import NOTE, read_written
from orchestration.funnel_run import ensure_exports
from orchestration.run import run
from orchestration.workspace import read_workspace
from tests.environment import run_environment

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from orchestration.workspace import Workspace


@pytest.fixture
def sample(tmp_path: Path) -> Iterator[Workspace]:
    """The workspace of the sample company, with nothing in it."""
    with run_environment(None, tmp_path):
        yield read_workspace()


def test_what_the_company_wrote_is_what_was_read(sample: Workspace) -> None:
    summary = run(sample)
    (line,) = [one for one in summary if one.startswith("simulated")]
    assert line.startswith("simulated      2,000 people wrote ")
    assert line.endswith(" of them unusable: all accounted for")
    written = read_written(sample.folder)
    assert written is not None
    assert written.set_aside
    assert written.quarantined

    # A row more than was delivered, and it does not add up.
    note = sample.folder / NOTE
    changed = json.loads(note.read_text())
    changed["rows"]["salesforce_leads.csv"] += 1
    note.write_text(json.dumps(changed))
    lines = run(sample)
    (line,) = [one for one in lines if one.startswith("simulated")]
    assert line.endswith("DIFFERENT FROM WHAT WAS READ")
    rows = changed["rows"]["salesforce_leads.csv"]
    told = lines[lines.index(line) + 1]
    assert told.startswith(f"  salesforce_leads.csv: {rows:,} rows written and {rows - 1:,} deliv")


def test_exports_of_an_earlier_version_are_refused(sample: Workspace) -> None:
    ensure_exports(sample)
    ensure_exports(sample)  # what is there stays
    (sample.folder / NOTE).unlink()
    with pytest.raises(TerminalError, match="those of an earlier version"):
        ensure_exports(sample)
    shutil.rmtree(sample.folder)
    ensure_exports(sample)
    assert (sample.folder / NOTE).is_file()
