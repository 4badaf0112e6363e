"""`python -m orchestration.report`: the report of a publication; `make report`."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from ingestion.errors import FunnelError, TerminalError
from orchestration.lock import hold_lock
from orchestration.publication import CURRENT, MANIFEST
from orchestration.report.report import write_report
from orchestration.workspace import read_workspace

if TYPE_CHECKING:
    from orchestration.workspace import Workspace


def report(workspace: Workspace, run: str = CURRENT) -> list[str]:
    """Make the report of a publication and return the lines that tell of it; the last is its page.

    A report of another publication than the current one is made beside.
    Raises TerminalError if there is no such publication, or another run is in progress.
    """
    with hold_lock(workspace.lock, "report"):
        folder = workspace.published / run
        if not (folder / MANIFEST).is_file():
            there = sorted(path.parent.name for path in workspace.published.glob(f"*/{MANIFEST}"))
            raise TerminalError(
                "there is no such publication",
                where=str(folder),
                mend=f"Name one of: {', '.join(there)}" if there else "Call `make run`",
            )
        is_beside = folder.resolve() != (workspace.published / CURRENT).resolve()
        made = write_report(workspace, folder, is_beside=is_beside)
    return [
        *(f"left out: {page} (no {', '.join(lacks)})" for page, lacks in made.left_out.items()),
        f"{made.pages} pages, {made.megabytes:.1f} MB, {made.seconds:.1f} s",
        f"report: {made.index}",
    ]


def main(arguments: list[str] | None = None) -> int:
    """Make the report and print where it is; 1 with one line on standard error if it cannot."""
    parser = argparse.ArgumentParser(prog="orchestration.report", description=__doc__)
    parser.add_argument(
        "--run", default=CURRENT, help="a folder of `published/`, by default the current one"
    )
    options = parser.parse_args(arguments)
    try:
        sys.stdout.write("\n".join(report(read_workspace(), options.run)) + "\n")
    except FunnelError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
