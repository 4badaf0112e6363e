"""Loads of files without what was erased: new loads that supersede them, then they are gone."""

from __future__ import annotations

import re
import tempfile
from dataclasses import replace
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from fsspec.core import url_to_fs

from ingestion.files.file_load import SOURCE
from ingestion.files.scrubbing import Scrubber
from ingestion.files.sql import file_literal, literal, reading_connection

if TYPE_CHECKING:
    from collections.abc import Iterable

    import duckdb

    from ingestion.erasure import ErasedKeys
    from ingestion.files.mapping import Mapping
    from ingestion.landing import FileKind, Landing, LoadWriter, Manifest

_NUMBER_OF_REWRITING = re.compile(r"-e\d+$")


def rewrite_loads(landing: Landing, mapping: Mapping, erased: ErasedKeys) -> list[Manifest]:
    """Rewrite all loads of files that hold something erased; return the new manifests.

    A new load has the rows of the old one, without what was erased, and its time of extraction:
    what was known when stays the same. Old files are removed once their new ones are there. May be
    called again at any time, also after it was interrupted: what is done is not done twice. Only
    the holder of the run lock may call this.
    """
    loads = landing.loads(SOURCE, with_superseded=True)
    written = []
    for _, group in groupby(loads, key=lambda one: (one.instance, one.object)):
        of_place = list(group)
        new = _rewrite_place(landing, mapping, erased, of_place)
        rewritten = {one.rewrites for one in (*of_place, *new)}
        for one in of_place:
            if one.load_id in rewritten:
                landing.remove(one)
        written += new
    return written


def relation(landing: Landing, manifests: Iterable[Manifest], kind: FileKind, scratch: Path) -> str:
    """Return SQL for the rows of some loads, at least one of which has a file."""
    paths = [path for one in manifests for path in landing.paths(one, kind)]
    if "://" in landing.url:
        listed = ", ".join(literal(one) for one in paths)
    else:
        listed = ", ".join(file_literal(Path(one), scratch) for one in paths)
    return f"read_parquet([{listed}], union_by_name = true)"


def register_store(landing: Landing, connection: duckdb.DuckDBPyConnection) -> None:
    """Let a database read the files of a landing that is no local folder."""
    if "://" in landing.url:
        connection.register_filesystem(url_to_fs(landing.url)[0])


def _rewrite_place(
    landing: Landing, mapping: Mapping, erased: ErasedKeys, loads: list[Manifest]
) -> list[Manifest]:
    """Rewrite the loads of one object, the earliest first."""
    new_ids = {one.rewrites: one.load_id for one in loads if one.rewrites is not None}
    written = []
    for one in loads:
        if one.load_id in new_ids:
            continue
        # What a load supersedes must not come back under its new name.
        renamed = {new_ids[old] for old in one.supersedes if old in new_ids}
        renamed -= {one.load_id, *one.supersedes}
        with (
            tempfile.TemporaryDirectory(prefix="unified-funnel-") as scratch,
            reading_connection(Path(scratch)) as connection,
        ):
            register_store(landing, connection)
            rewriting = _Rewriting(landing, one, Scrubber(connection, mapping, erased))
            new = rewriting.write(sorted(renamed), Path(scratch))
        if new is not None:
            new_ids[one.load_id] = new.load_id
            written.append(new)
    return written


class _Rewriting:
    """One load that may hold something erased."""

    def __init__(self, landing: Landing, old: Manifest, scrubber: Scrubber) -> None:
        self._landing = landing
        self._old = old
        self._scrubber = scrubber

    def write(self, renamed: list[str], scratch: Path) -> Manifest | None:
        """Write the load anew if it holds something erased or supersedes what was renamed."""
        old = self._old
        rows = relation(self._landing, [old], "part", scratch)
        has_aside = bool(old.set_aside_files)
        aside = relation(self._landing, [old], "set_aside", scratch) if has_aside else None
        new_rows = self._scrubber.rows(old.object, rows, *([aside] if aside else []))
        new_aside = self._scrubber.set_aside(old.object, aside) if aside is not None else None
        if new_rows is None and new_aside is None and not renamed:
            return None
        draft = replace(
            old,
            load_id=self._new_id(),
            files=(),
            set_aside_files=(),
            supersedes=(*old.supersedes, old.load_id, *renamed),
            rewrites=old.load_id,
        )
        with self._landing.write_load(draft) as load:
            self._copy(load, "part", "_load_id", "_line", new_rows or rows)
            if aside is not None:
                self._copy(load, "set_aside", "load_id", "line", new_aside or aside)
        return load.manifest

    def _copy(self, load: LoadWriter, kind: FileKind, load_id: str, line: str, rows: str) -> None:
        with load.new_file(kind) as path:
            self._scrubber.connection.execute(
                f"copy (select * replace ({literal(load.manifest.load_id)} as {load_id}) "
                f"from {rows} order by {line}) to {literal(str(path))} "
                "(format parquet, compression zstd)"
            )

    def _new_id(self) -> str:
        taken = self._landing.taken_ids(self._old)
        base = _NUMBER_OF_REWRITING.sub("", self._old.load_id)
        number = 1
        while f"{base}-e{number}" in taken:
            number += 1
        return f"{base}-e{number}"
