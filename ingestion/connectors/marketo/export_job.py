"""A bulk extract: created, queued, waited for, and its file fetched from where it was left."""

from __future__ import annotations

import os
import time
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from ingestion.connectors.errors import JobFailedError, UnreadableAnswerError
from ingestion.connectors.marketo.judge import AlreadyQueuedError
from ingestion.files.decoding import fingerprint

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from ingestion.connectors.marketo.instance import Instance

Kind: TypeAlias = Literal["leads", "activities"]

_OVER = {"Failed", "Canceled", "Cancelled"}  # the documents spell it in both ways


@dataclass(frozen=True)
class ExportJob:
    """A job that was created. What Marketo tells of its file is None until it is done.

    `rows` leaves out the header; `checksum` is the file's SHA-256 in hex.
    """

    instance: Instance
    kind: Kind
    id: str
    rows: int | None = None
    size: int | None = None
    checksum: str | None = None

    @classmethod
    def create(
        cls,
        instance: Instance,
        kind: Kind,
        cursor: Literal["createdAt", "updatedAt"],
        between: tuple[datetime, datetime],
        **more: Any,
    ) -> ExportJob:
        """Create a job for what changed between two moments, aware, 31 days apart at the most.

        `more` goes into the request: `fields` of leads; `activityTypeIds`, which belong to the
        filter. Raises RefusedError where an instance has no such filter.
        """
        start, end = (f"{one:%Y-%m-%dT%H:%M:%SZ}" for one in between)
        chosen: dict[str, Any] = {cursor: {"startAt": start, "endAt": end}}
        if "activityTypeIds" in more:
            chosen["activityTypeIds"] = more.pop("activityTypeIds")
        said = instance.post(
            f"bulk/v1/{kind}/export/create.json", {"format": "CSV", "filter": chosen, **more}
        )
        return cls(instance, kind, str(said["result"][0]["exportId"]))

    def enqueue(self) -> None:
        """Queue it; where ten jobs are queued, wait until one of them is done."""
        # The answer to a first try may have been lost.
        with suppress(AlreadyQueuedError):
            self.instance.post(self._path("enqueue"))

    def wait(self, poll: float = 60) -> ExportJob:
        """Return the job when its file is there; Marketo refreshes what it tells each minute.

        Raises JobFailedError if it failed or was cancelled.
        """
        while True:
            said = self.instance.get(self._path("status"))["result"][0]
            status = said["status"]
            if status == "Completed":
                return replace(
                    self,
                    rows=int(said["numberOfRecords"]),
                    size=int(said["fileSize"]),
                    checksum=str(said["fileChecksum"]).removeprefix("sha256:"),
                )
            if status in _OVER:
                raise JobFailedError(
                    f"the export ended as {status}",
                    where=f"{self.instance.name}: {self.kind}",
                    mend="It is created anew; if it goes on, read less at once",
                )
            time.sleep(poll)

    def fetch(self, path: Path) -> None:
        """Fetch the file, from the byte on that a former try ended with, and check it.

        Raises UnreadableAnswerError if the bytes are not those that Marketo tells of; they are
        thrown away then, so that the next try begins anew.
        """

        def attempt() -> None:
            self._append(path)
            self._check(path)

        self.instance.client.patiently(attempt)

    def _append(self, path: Path) -> None:
        with path.open("ab") as file:
            there = file.tell()
            if there == self.size:
                return
            # A range of what is compressed could not be unpacked.
            asked = {"Range": f"bytes={there}-", "Accept-Encoding": "identity"} if there else {}
            url = self.instance.url(self._path("file"))
            with self.instance.client.stream(url, headers=asked) as (headers, pieces):
                if there and "Content-Range" not in headers:
                    file.truncate(0)  # who does not know ranges sends all of it
                for piece in pieces:
                    file.write(piece)
            file.flush()
            os.fsync(file.fileno())

    def _check(self, path: Path) -> None:
        found = path.stat().st_size
        if self.size is not None and found < self.size:
            raise UnreadableAnswerError(
                f"{found:,} of {self.size:,} bytes came",
                where=f"{self.instance.name}: {self.kind}",
                mend="The rest is asked for",
            )
        if fingerprint(path) != self.checksum:
            path.unlink()
            raise UnreadableAnswerError(
                "the checksum of the file is not the one that was told",
                where=f"{self.instance.name}: {self.kind}",
                mend="It is fetched anew",
            )

    def _path(self, what: str) -> str:
        return f"bulk/v1/{self.kind}/export/{self.id}/{what}.json"
