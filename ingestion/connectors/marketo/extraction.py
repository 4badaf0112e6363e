"""Leads and activities of a window, as one CSV file that is put together from bulk extracts."""

from __future__ import annotations

import csv
import json
import os
import shutil
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal, Protocol

from ingestion.connectors.download import Download
from ingestion.connectors.errors import JobFailedError, RefusedError, UnknownFieldError
from ingestion.connectors.marketo.export_job import ExportJob
from ingestion.connectors.marketo.slices import slices

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from ingestion.connectors.marketo.export_job import Kind
    from ingestion.connectors.marketo.instance import ActivityType, Instance
    from ingestion.connectors.window import Window

ACTIVITY_COLUMNS = (
    "marketoGUID", "leadId", "activityDate", "activityTypeId", "campaignId",
    "primaryAttributeValueId", "primaryAttributeValue", "attributes",
)  # fmt: skip
# Bulk extracts refuse it; deletions have an endpoint of their own.
_DELETE_LEAD = 37
_PART = "part.csv"
_CHUNK = 1 << 20


class Subject(Protocol):
    """What is extracted in bulk."""

    @property
    def kind(self) -> Kind:
        """The object by its name in the API."""

    @property
    def cursor(self) -> Literal["createdAt", "updatedAt"]:
        """The filter that bounds a window."""

    @property
    def is_read_in_full(self) -> bool:
        """Whether all since the first moment is asked for, whatever the window."""

    def described(self, instance: Instance) -> Mapping[str, Any]:
        """Return the fields to ask for, as described now, and what else tells them apart."""


@dataclass(frozen=True)
class Leads:
    """Leads by what changed.

    Where a subscription has no filter by `updatedAt`, Marketo refuses it (1035, a RefusedError);
    `createdAt` finds no changes, so that leads are then read in full each time.
    """

    cursor: Literal["createdAt", "updatedAt"] = "updatedAt"
    kind: Kind = "leads"

    @property
    def is_read_in_full(self) -> bool:
        """Whether all since the first moment is asked for."""
        return self.cursor == "createdAt"

    def described(self, instance: Instance) -> Mapping[str, Any]:
        """Return the names in REST of all fields."""
        return {"fields": list(instance.lead_fields())}


@dataclass(frozen=True)
class Activities:
    """Activities of some types by their stems, `change_score` for example; None for all.

    Deletions of leads are none of them: bulk extracts leave them out.
    """

    stems: tuple[str, ...] | None = None
    kind: Kind = "activities"
    cursor: Literal["createdAt", "updatedAt"] = "createdAt"
    is_read_in_full: bool = False

    def described(self, instance: Instance) -> Mapping[str, Any]:
        """Return the columns, and the types with their attributes.

        Raises RefusedError for a stem that no type of the instance has.
        """
        known = _by_stem(instance.activity_types())
        wanted = known.keys() if self.stems is None else set(self.stems)
        if missing := sorted(wanted - known.keys()):
            raise RefusedError(
                f"there is no type of activity for {', '.join(missing)}",
                where=f"{instance.name}: activities",
                mend="Compare with the names of the types that Marketo describes, in small letters"
                " and with _ between words",
            )
        types = [
            {"id": one.id, "stem": stem, "attributes": list(one.attributes)}
            for stem, one in known.items()
            if stem in wanted
        ]
        return {"fields": list(ACTIVITY_COLUMNS), "types": types}


@dataclass(frozen=True)
class Extraction:
    """How a subject is read from an instance into a folder of its own.

    `first` is the oldest moment to ask for, aware: Marketo knows no beginning, and each 31 days are
    a job. `poll` is the seconds until a job is looked at again; Marketo refreshes each minute.
    """

    instance: Instance
    subject: Subject
    folder: Path
    first: datetime
    poll: float = 60

    def run(self, window: Window, tell: Callable[[Download], None] = lambda _: None) -> Download:
        """Fetch what changed in a window and return the whole download; `tell` hears of each slice.

        `rows` of the download is the sum of what Marketo tells of the jobs. A row may come twice,
        at the seam of two slices. How far was read is the window's end and no field of a row: what
        the filter `updatedAt` goes by is not the field of that name.

        What a former run left in the folder is finished first, in the window of that run: in the
        middle of a file, if its job still lives. A job that failed, or is forgotten, is made anew;
        all begins anew if a field is gone meanwhile. Raises the errors of `Client`, JobFailedError,
        and RefusedError for a filter that the subscription does not have; what was fetched by then
        stays.
        """

        def attempt() -> Download:
            download = Download.found(self.folder) or self._begun(window)
            try:
                return download if download.is_whole else self._with_next_slice(download)
            except UnknownFieldError as error:
                download.remove()
                raise _over(error, "Fields are described and asked for anew") from error

        while True:
            download = self.instance.client.patiently(attempt)
            tell(download)
            if download.is_whole:
                return download

    def _begun(self, window: Window) -> Download:
        start = self.first
        if window.start is not None and not self.subject.is_read_in_full:
            start = max(start, window.start)
        periods = slices(start, window.end)
        asked = {
            "object": self.subject.kind,
            "cursor": self.subject.cursor,
            **self.subject.described(self.instance),
            "slices": [[one.isoformat() for one in period] for period in periods],
        }
        download = Download.begin(self.folder, window, asked)
        with download.path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file, lineterminator="\n").writerow(asked["fields"])
        return download.grown(_Place().text, 0, is_whole=not periods)

    def _with_next_slice(self, download: Download) -> Download:
        place = _Place.of(download)
        if place.job is None:
            # Of a job that is gone; ranges would go on in another file.
            (self.folder / _PART).unlink(missing_ok=True)
            place = _Place(place.slice, self._created(download.asked, place.slice))
            download = place.kept(download)
        try:
            download, job = self._fetched(download, place)
        except (JobFailedError, RefusedError) as error:
            _Place(place.slice).kept(download)
            raise _over(
                error, "It is made anew; if it goes on, see its errors in Marketo"
            ) from error
        _append(self.folder / _PART, download)
        following = place.slice + 1
        is_last = following == len(download.asked["slices"])
        download = download.grown(_Place(following).text, job.rows or 0, is_whole=is_last)
        (self.folder / _PART).unlink()
        return download

    def _created(self, asked: Mapping[str, Any], number: int) -> str:
        start, end = (datetime.fromisoformat(one) for one in asked["slices"][number])
        more: dict[str, Any] = {"fields": list(asked["fields"])}
        if "types" in asked:
            more["activityTypeIds"] = [one["id"] for one in asked["types"]]
        job = ExportJob.create(
            self.instance, asked["object"], asked["cursor"], (start, end), **more
        )
        return job.id

    def _fetched(self, download: Download, place: _Place) -> tuple[Download, ExportJob]:
        """Fetch the file of the slice's job into the part beside the download."""
        job = ExportJob(self.instance, download.asked["object"], str(place.job))
        if not place.is_queued:
            job.enqueue()
            download = _Place(place.slice, place.job, is_queued=True).kept(download)
        job = job.wait(self.poll)
        job.fetch(self.folder / _PART)
        return download, job


@dataclass(frozen=True)
class _Place:
    """Which slice is being fetched, by its number, and how far its job is."""

    slice: int = 0
    job: str | None = None
    is_queued: bool = False

    @classmethod
    def of(cls, download: Download) -> _Place:
        return cls(**json.loads(download.at)) if download.at else cls()

    @property
    def text(self) -> str:
        return json.dumps(asdict(self))

    def kept(self, download: Download) -> Download:
        return download.grown(self.text, 0, is_whole=False)


def _by_stem(types: Sequence[ActivityType]) -> dict[str, ActivityType]:
    found: dict[str, ActivityType] = {}
    for one in types:
        if one.id != _DELETE_LEAD:
            # Custom types may be named alike.
            found[f"{one.stem}_{one.id}" if one.stem in found else one.stem] = one
    return found


def _append(part: Path, download: Download) -> None:
    """Write the rows of a part behind those of a download; RefusedError for other columns."""
    if not part.stat().st_size:
        return
    with part.open("rb") as source, download.path.open("rb+") as file:
        _check_header(source.readline(), download.asked)
        file.seek(download.size)
        file.truncate()
        shutil.copyfileobj(source, file, _CHUNK)
        source.seek(-1, os.SEEK_END)
        if source.read() != b"\n":
            file.write(b"\n")


def _check_header(line: bytes, asked: Mapping[str, Any]) -> None:
    fields: Sequence[str] = asked["fields"]
    found = next(csv.reader([line.decode("utf-8-sig", errors="replace")]), [])
    if found != fields:
        raise RefusedError(
            f"the file's {len(found)} columns are not the {len(fields)} that were asked for",
            where=f"Marketo: {asked['object']}",
            mend="The API changed: compare the file's header with the request",
        )


def _over(error: Exception, mend: str) -> JobFailedError:
    what = getattr(error, "what", str(error))
    return JobFailedError(
        f"the export cannot be read ({what})", where=getattr(error, "where", "Marketo"), mend=mend
    )
