"""Records of an object that changed in a window, as one CSV file of the fields described now."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ingestion.connectors.download import Download
from ingestion.connectors.errors import JobFailedError, RefusedError
from ingestion.connectors.salesforce.query_job import PAGE_ROWS, QueryJob

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path

    from ingestion.connectors.salesforce.org import Description, Org
    from ingestion.connectors.window import Window


def query_of(description: Description, window: Window) -> str:
    """Return the SOQL of a window: no order and no limit, which would end its division into parts.

    Of an object without cursor all is asked for, whatever the window.
    """
    query = f"SELECT {', '.join(description.fields)} FROM {description.name}"
    if description.cursor is None:
        return query
    bounds = [f"{description.cursor} < {_literal(window.end)}"]
    if window.start is not None:
        bounds.insert(0, f"{description.cursor} >= {_literal(window.start)}")
    return f"{query} WHERE {' AND '.join(bounds)}"


@dataclass(frozen=True)
class Extraction:
    """How an object of an org is read into a folder of its own.

    `rows` is the size of a page, `first_poll` the seconds until a job is looked at again.
    """

    org: Org
    description: Description
    folder: Path
    rows: int = PAGE_ROWS
    first_poll: float = 1

    def run(self, window: Window, tell: Callable[[Download], None] = lambda _: None) -> Download:
        """Fetch what changed in a window and return the whole download; `tell` hears of each page.

        What a former run left in the folder is finished first, in the window of that run: the next
        one begins where it ends. A job that Salesforce gave up, or forgot after seven days, is
        asked for anew. Raises the errors of `Client` and JobFailedError; what was fetched by then
        stays, but of a job that failed nothing does.
        """

        def attempt() -> Download:
            download = Download.found(self.folder) or self._begun(window)
            try:
                return self._finished(download, tell)
            except JobFailedError:
                download.remove()
                raise

        return self.org.client.patiently(attempt)

    def _begun(self, window: Window) -> Download:
        query = query_of(self.description, window)
        job = QueryJob.create(self.org, query, with_deleted=True)
        asked = {
            "job": job.id,
            "version": self.org.version,
            "object": self.description.name,
            "cursor": self.description.cursor,
            "fields": list(self.description.fields),
        }
        return Download.begin(self.folder, window, asked)

    def _finished(self, download: Download, tell: Callable[[Download], None]) -> Download:
        if download.is_whole:
            return download
        try:
            job = QueryJob(self.org, str(download.asked["job"])).wait(self.first_poll)
            with download.path.open("rb+") as file:
                file.seek(download.size)
                for page in job.pages(file, download.at, self.rows):
                    file.flush()
                    is_last = page.locator is None
                    download = download.grown(page.locator, page.rows, is_whole=is_last)
                    tell(download)
        except RefusedError as error:
            raise JobFailedError(
                f"the query job cannot be read any more ({error.what})",
                where=error.where,
                mend="It is asked for anew",
            ) from error
        return download


def _literal(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%S}.000Z"
