"""One job of the bulk extract, from its creation to its file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ingestion.sandbox.apis.marketo.stamps import in_zone

if TYPE_CHECKING:
    from collections.abc import Callable

    import pyarrow as pa

    from ingestion.sandbox.apis.marketo.extract_file import ExtractFile

CREATED, QUEUED, PROCESSING = "Created", "Queued", "Processing"
COMPLETED, FAILED, CANCELED = "Completed", "Failed", "Canceled"
IN_QUEUE = (QUEUED, PROCESSING)


@dataclass
class Job:
    """What a client asked for, and how far it is. Moments are the company's; None: not yet."""

    id: str
    number: int
    object: str  # leads, activities
    client: str
    format: str
    asked: str  # the body of the request that created it
    rows: Callable[[float], pa.Table]  # as shown at a moment
    created_at: float
    ahead: float = 0  # seconds that its moments are told wrong
    status: str = CREATED
    queued_at: float | None = None
    started_at: float | None = None
    finished_at: float | None = None
    looks: int = 0  # that found its status refreshed, since it is processed
    refreshed_at: float | None = None  # of the clock that refreshes go by
    file: ExtractFile | None = None

    def told(self, zone: str, canceled: str) -> dict[str, Any]:
        """Return what the API tells of it."""
        moments = {
            "createdAt": self.created_at,
            "queuedAt": self.queued_at,
            "startedAt": self.started_at,
            "finishedAt": self.finished_at,
        }
        told: dict[str, Any] = {
            "exportId": self.id,
            "format": self.format,
            "status": canceled if self.status == CANCELED else self.status,
        }
        for name, moment in moments.items():
            if moment is not None:
                told[name] = in_zone(moment + self.ahead, zone)
        if self.status == FAILED:
            told["errorMsg"] = "Export failed"
        if self.file is not None:
            told |= {
                "numberOfRecords": self.file.records,
                "fileSize": self.file.size,
                "fileChecksum": f"sha256:{self.file.checksum}",
            }
        return told
