"""A download becomes a load of the landing: as a delivered file does, with its window beside."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from ingestion.errors import TransientError
from ingestion.files import land_rows
from ingestion.files.file_load import SOURCE, settings_digest
from ingestion.landing import Manifest, iso_utc

if TYPE_CHECKING:
    from pathlib import Path

    from ingestion.connectors.download import Download
    from ingestion.files import Export, Mapping
    from ingestion.landing import Landing

_READ = 1 << 20
_DIGEST_DIGITS = 12


def loads_of(landing: Landing, mapping: Mapping, export: Export) -> list[Manifest]:
    """Return the loads that tell how far the object of an export was read.

    Of those under the mapping of today only: after a change of what lands all is read again.
    """
    digest = settings_digest(mapping, export)
    return [one for one in _earlier(landing, export) if one.settings_digest == digest]


def land_download(
    landing: Landing, mapping: Mapping, export: Export, download: Download
) -> Manifest:
    """Land a whole download and return its manifest; the download is removed then.

    It supersedes what landed under another mapping, if it reaches back to the beginning. What a run
    landed that died before it removed the download is not landed twice. Raises TransientError if
    other rows are in it than the source told of: it has to be fetched anew; ValueError for a
    download that is not whole, and TerminalError as `land_file` does. Nothing has landed then.
    """
    if not download.is_whole:
        raise ValueError(f"{download.folder}: not all of it was fetched")
    window = download.window
    digest = settings_digest(mapping, export)
    checksum = _checksum(download.path)
    earlier = _earlier(landing, export)
    for one in earlier:
        if (one.checksum, one.window_end, one.settings_digest) == (checksum, window.end, digest):
            download.remove()
            return one
    at_its_end = export.model_copy(
        update={"exported_at": window.end, "load": "full" if _is_all(download) else "append"}
    )
    draft = Manifest(
        load_id=f"{window.end:%Y%m%dT%H%M%S}-{checksum[:_DIGEST_DIGITS]}",
        source=SOURCE,
        instance=export.landing_instance,
        object=export.entity,
        kind="full" if _is_all(download) else "increment",
        export=export.file,
        file=export.object,
        window_start=window.start,
        window_end=window.end,
        cursor_before=None if window.bookmark is None else iso_utc(window.bookmark),
        cursor_after=iso_utc(window.end),
        extracted_at=datetime.now(UTC),
        rows_reported=download.rows,
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
    try:
        manifest = land_rows(landing, mapping, at_its_end, download.path, draft)
    except TransientError:
        download.remove()
        raise
    download.remove()
    return manifest


def _earlier(landing: Landing, export: Export) -> list[Manifest]:
    return [
        one
        for one in landing.loads(SOURCE)
        if (one.instance, one.object, one.export)
        == (export.landing_instance, export.entity, export.file)
    ]


def _is_all(download: Download) -> bool:
    """Whether the object tells no moment of change: all of it is read each time."""
    return download.asked.get("cursor") is None


def _checksum(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(_READ):
            digest.update(piece)
    return digest.hexdigest()
