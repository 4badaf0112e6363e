"""The report of a publication, as files of a workspace."""

from __future__ import annotations

from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING

from orchestration.report.shelf import INDEX, put
from orchestration.report.site import make_site

if TYPE_CHECKING:
    from pathlib import Path

    from orchestration.workspace import Workspace


@dataclass(frozen=True)
class Report:
    """A report that is written: its first page, number of pages, rows of answers on them, size,
    seconds that it took, and the pages that were left out with the tables that they lack.
    """

    index: Path
    pages: int
    rows: int
    megabytes: float
    seconds: float
    left_out: dict[str, tuple[str, ...]]


def write_report(workspace: Workspace, publication: Path, *, is_beside: bool = False) -> Report:
    """Make the report of a publication's folder; `current` is switched to it unless it is beside.

    Only the holder of the run lock may call this. Raises TerminalError if there is no publication,
    duckdb.Error if a statement does not fit it, OSError if it cannot be written: then the former
    report stays.
    """
    start = monotonic()
    site = make_site(publication.resolve())
    place = put(workspace.reports, site.run, site.files, is_beside=is_beside)
    return Report(
        index=place / INDEX,
        pages=len(site.files),
        rows=site.rows,
        megabytes=sum(len(text.encode()) for text in site.files.values()) / 1e6,
        seconds=monotonic() - start,
        left_out=site.left_out,
    )
