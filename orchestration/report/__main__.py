"""`python -m orchestration.report`: the report of a publication; `make report`."""

from __future__ import annotations

import argparse
import sys
from time import monotonic
from typing import TYPE_CHECKING

from ingestion.errors import FunnelError, TerminalError
from orchestration.lock import hold_lock
from orchestration.publication import CURRENT, MANIFEST
from orchestration.report.shelf import INDEX, put
from orchestration.report.site import make_site
from orchestration.workspace import read_workspace

if TYPE_CHECKING:
    from orchestration.workspace import Workspace


def report(workspace: Workspace, run: str = CURRENT) -> list[str]:
    """Make the report of a publication and return the lines that tell of it; the last is its page.

    Raises TerminalError if there is no such publication, or another run is in progress.
    """
    folder = workspace.published / run
    if not (folder / MANIFEST).is_file():
        there = sorted(path.parent.name for path in workspace.published.glob(f"*/{MANIFEST}"))
        raise TerminalError(
            "there is no such publication",
            where=str(folder),
            mend=f"Name one of: {', '.join(there)}" if there else "Call `make run`",
        )
    with hold_lock(workspace.lock, "report"):
        start = monotonic()
        site = make_site(folder.resolve())
        is_beside = folder.resolve() != (workspace.published / CURRENT).resolve()
        place = put(workspace.reports, site.run, site.files, is_beside=is_beside)
    size = sum(len(text.encode()) for text in site.files.values()) / 1e6
    lines = [f"left out: {key} (no {', '.join(lacks)})" for key, lacks in site.left_out.items()]
    seconds = monotonic() - start
    return [
        *lines,
        f"{len(site.files)} pages, {size:.1f} MB, {seconds:.1f} s",
        f"report: {place / INDEX}",
    ]


def main(arguments: list[str] | None = None) -> int:
    """Make the report and print where it is; 1 with one line on standard error if it cannot."""
    parser = argparse.ArgumentParser(prog="orchestration.report", description=__doc__)
    parser.add_argument(
        "--run", default=CURRENT, help="a folder of `published/`, by default current"
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
