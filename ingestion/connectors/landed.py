"""An extract becomes a load of the landing: as a delivered file does, with its window beside."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from ingestion.files import land_rows
from ingestion.files.decoding import fingerprint
from ingestion.files.file_load import SOURCE, load_id, settings_digest
from ingestion.landing import Manifest, iso_utc

if TYPE_CHECKING:
    from pathlib import Path

    from ingestion.connectors.download import Download
    from ingestion.connectors.window import Window
    from ingestion.files import Export, Mapping
    from ingestion.landing import Landing


def loads_of(landing: Landing, mapping: Mapping, export: Export) -> list[Manifest]:
    """Return the loads that tell how far the object of an export was read.

    Of those under the mapping of today only: after a change of what lands all is read again.
    """
    digest = settings_digest(mapping, export)
    return [one for one in _earlier(landing, export) if one.settings_digest == digest]


@dataclass(frozen=True)
class Extract:
    """A file of what changed in a window, or of all there is, and how many rows the source told.

    CSV as it was delivered, or Parquet that was made of it; then `malformed` may hold the rows that
    are none, `line` and `row_text`, as Parquet too. `rows` counts them.
    """

    path: Path
    window: Window
    rows: int
    is_all: bool
    malformed: Path | None = None

    @classmethod
    def of(cls, download: Download, *, is_full: bool = False) -> Extract:
        """Return what a download holds; of an object that tells no moment of change it is all.

        So it is if all was asked for, which `is_full` says. Raises ValueError for a download that
        is not whole.
        """
        if not download.is_whole:
            raise ValueError(f"{download.folder}: not all of it was fetched")
        is_all = is_full or download.asked.get("cursor") is None
        return cls(download.path, download.window, download.rows, is_all)


def land_extract(landing: Landing, mapping: Mapping, export: Export, extract: Extract) -> Manifest:
    """Land an extract and return its manifest.

    It supersedes what landed under another mapping, if it reaches back to the beginning. What a run
    landed that died before it removed the extract is not landed twice. Raises TransientError if
    other rows are in it than the source told of: it has to be fetched anew; and TerminalError as
    `land_file` does. Nothing has landed then.
    """
    window = extract.window
    digest = settings_digest(mapping, export)
    checksum = fingerprint(extract.path)
    earlier = _earlier(landing, export)
    for one in earlier:
        if (one.checksum, one.window_end, one.settings_digest) == (checksum, window.end, digest):
            return one
    # However the mapping calls what it is read as.
    form = export.format.model_copy(update={"type": extract.path.suffix.removeprefix(".")})
    load = "full" if extract.is_all else "append"
    at_its_end = export.model_copy(update={"exported_at": window.end, "load": load, "format": form})
    draft = Manifest(
        load_id=load_id(window.end, checksum, digest),
        source=SOURCE,
        instance=export.landing_instance,
        object=export.entity,
        kind="full" if extract.is_all else "increment",
        export=export.file,
        file=export.object,
        window_start=window.start,
        window_end=window.end,
        cursor_before=None if window.bookmark is None else iso_utc(window.bookmark),
        cursor_after=iso_utc(window.end),
        extracted_at=datetime.now(UTC),
        rows_reported=extract.rows,
        checksum=checksum,
        settings_digest=digest,
        columns={
            field: one.column for field, one in export.columns.items() if one.column is not None
        },
        time_zone=mapping.source_time_zone,
        supersedes=tuple(
            one.load_id
            for one in earlier
            if window.bookmark is None and one.settings_digest != digest
        ),
    )
    return land_rows(landing, mapping, at_its_end, extract.path, draft, malformed=extract.malformed)


def _earlier(landing: Landing, export: Export) -> list[Manifest]:
    return [
        one
        for one in landing.loads(SOURCE)
        if (one.instance, one.object, one.export)
        == (export.landing_instance, export.entity, export.file)
    ]
