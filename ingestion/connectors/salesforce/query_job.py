"""A Bulk 2.0 query job: made, waited for, and its pages fetched from where it was left.

A locator names the same page as long as the job lives, seven days: what was fetched of a job
before a crash need not be fetched again.
"""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ingestion.connectors.errors import JobFailedError, RefusedError, UnreadableAnswerError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

    from ingestion.connectors.salesforce.org import Org

PAGE_ROWS = 250_000
_LONGEST_POLL = 30  # seconds; Salesforce recommends to ask less and less often
_PATH = "jobs/query"
_QUOTED = 200  # characters of what Salesforce says of a failure


@dataclass(frozen=True)
class Page:
    """Where a page of results ended: its rows, and the locator of the next, None after the last."""

    rows: int
    locator: str | None


@dataclass(frozen=True)
class QueryJob:
    """A job that was made; `rows` is what Salesforce says that it found, None until it is done."""

    org: Org
    id: str
    rows: int | None = None

    @classmethod
    def create(cls, org: Org, query: str, *, with_deleted: bool) -> QueryJob:
        """Ask for a query; with `with_deleted` what lies in the recycle bin comes too."""
        answer = org.client.request(
            "POST",
            org.url(_PATH),
            content={
                "operation": "queryAll" if with_deleted else "query",
                "query": query,
                "contentType": "CSV",
                "columnDelimiter": "COMMA",
                "lineEnding": "LF",
            },
        )
        return cls(org, str(answer.json()["id"]))

    def wait(self, first_poll: float = 1) -> QueryJob:
        """Return the job when it is done.

        Raises JobFailedError if it failed, was aborted, or is not known any more.
        """
        wait = first_poll
        while True:
            said = self._state()
            state = said.get("state")
            if state == "JobComplete":
                return QueryJob(self.org, self.id, int(said["numberRecordsProcessed"]))
            if state in {"Failed", "Aborted"}:
                message = " ".join(str(said.get("errorMessage") or "no reason is told").split())
                raise JobFailedError(
                    f"the query job ended as {state}: {message[:_QUOTED]}",
                    where=f"{self.org.name}: {said.get('object', 'query')}",
                    mend="It is asked for anew; if it goes on, read less at once",
                )
            time.sleep(wait)
            wait = min(2 * wait, _LONGEST_POLL)

    def pages(
        self, file: BinaryIO, locator: str | None = None, rows: int = PAGE_ROWS
    ) -> Iterator[Page]:
        """Append the pages of results to a file, from a locator on, and tell of each that is whole.

        The file holds one header at most, whatever the pages; null bytes are left out. A page that
        breaks off is taken back and fetched again. Raises the errors of `Client`.
        """
        while True:
            at = file.tell()

            def fetch(at: int = at, locator: str | None = locator) -> Page:
                file.seek(at)
                file.truncate()
                return self._fetch(file, locator, rows)

            page = self.org.client.patiently(fetch)
            yield page
            if page.locator is None:
                return
            locator = page.locator

    def delete(self) -> None:
        """Let Salesforce forget the results, which hold personal data, before its seven days."""
        # The answer to a first try may have been lost: then the job is not known any more.
        with suppress(RefusedError):
            self.org.client.request("DELETE", self.org.url(f"{_PATH}/{self.id}"))

    def _state(self) -> dict[str, Any]:
        said = self.org.get(f"{_PATH}/{self.id}").json()
        if not isinstance(said, dict):
            raise UnreadableAnswerError(
                "the answer does not tell of the job", where=self.org.name, mend="It is asked again"
            )
        return said

    def _fetch(self, file: BinaryIO, locator: str | None, rows: int) -> Page:
        fields = {"maxRecords": str(rows)} | ({"locator": locator} if locator else {})
        url = self.org.url(f"{_PATH}/{self.id}/results")
        needs_header = file.tell() == 0
        with self.org.client.stream(url, fields=fields, headers={"Accept": "text/csv"}) as answer:
            headers, pieces = answer
            rest = pieces if needs_header else _without_first_line(pieces)
            for piece in rest:
                file.write(piece.translate(None, b"\0"))
        return Page(int(headers["Sforce-NumberOfRecords"]), _next(headers.get("Sforce-Locator")))


def _next(locator: str | None) -> str | None:
    # The last page names the text `null`; some answer with nothing or without the header.
    return None if locator in {None, "", "null"} else locator


def _without_first_line(pieces: Iterator[bytes]) -> Iterator[bytes]:
    # Names of fields hold no line end, quoted or not.
    for piece in pieces:
        at = piece.find(b"\n")
        if at >= 0:
            yield piece[at + 1 :]
            break
    yield from pieces
