"""One export becomes one load of the landing."""

from __future__ import annotations

import hashlib
import json
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import pyarrow as pa

from ingestion.erasure import read_erased_keys
from ingestion.errors import TerminalError, TransientError
from ingestion.files.csv_source import CsvSource
from ingestion.files.decoding import fingerprint
from ingestion.files.entities import ENTITIES, SET_ASIDE_COLUMNS
from ingestion.files.excel_source import ExcelSource
from ingestion.files.finding import file_of
from ingestion.files.formats import ANY_FIELD, DECIMAL_MARK, DEFAULT_FORMAT, THOUSANDS_MARK
from ingestion.files.json_lines_source import JsonLinesSource
from ingestion.files.parquet_source import ParquetSource
from ingestion.files.raw_table import RawTable, write_parquet
from ingestion.files.row_checks import find_bad_rows
from ingestion.files.scrubbing import Scrubber
from ingestion.files.source import MALFORMED
from ingestion.files.sql import file_literal, literal, reading_connection
from ingestion.landing import Landing, LoadWriter, Manifest, iso_utc

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from ingestion.files.mapping import Export, FileType, Mapping
    from ingestion.files.source import Reading, Source

SOURCE = "files"

_OPENERS: dict[FileType, Callable[[Path, Export, duckdb.DuckDBPyConnection, Path], Source]] = {
    "csv": CsvSource,
    "parquet": ParquetSource,
    "jsonl": JsonLinesSource,
    "excel": ExcelSource,
}
# Part of every settings digest: a change of what lands from the same file loads it again.
_LAYOUT = 2
# The size of DuckDB's own row groups: smaller ones make every later read slower.
_BATCH_ROWS = 122_880
# Enough digits to tell loads of one export apart, few enough to read.
_DIGEST_DIGITS = 12


class _UnreliableError(Exception):
    """The records that were read are not all lines of the file."""


@dataclass(frozen=True)
class LandedFile:
    """What became of one export, a file or an object of a connected system.

    `source` and `instance` are the system's, counts are rows; `told` is how many rows the system
    itself says it gave, None of a file. `export` is its name in the mapping.
    """

    entity: str
    source: str
    instance: str
    export: str
    file: str
    delivered: int
    landed: int
    set_aside: int
    told: int | None
    was_already_landed: bool
    seconds: float
    is_once_more: bool = False  # days of the past, which had been read before

    @classmethod
    def of(
        cls, export: Export, load: Manifest, *, was_already_landed: bool, seconds: float
    ) -> LandedFile:
        """Return what a load says."""
        return cls(
            entity=export.entity,
            source=export.system,
            instance=export.instance,
            export=export.file,
            file=load.file or export.file,
            delivered=load.rows_delivered,
            landed=load.rows_landed,
            set_aside=load.rows_set_aside,
            told=load.rows_reported,
            was_already_landed=was_already_landed,
            seconds=seconds,
        )


def land_file(landing: Landing, mapping: Mapping, export: Export, folder: Path) -> LandedFile:
    """Land one export of a mapping from a folder, all of it or nothing.

    A file that landed with the same content, settings and time of export is not read again; one
    with the same time of export and other content or settings supersedes the earlier load. What was
    erased is taken out before it lands.
    Raises TerminalError, which says what to mend, if the file is missing or refused as a whole, or
    if something was erased and the key of the erasures is missing.
    """
    began = time.monotonic()
    path = file_of(export, folder)
    checksum = fingerprint(path)
    settings = settings_digest(mapping, export)
    earlier = [
        one
        for one in landing.loads(SOURCE)
        if (one.instance, one.object, one.export, one.window_end)
        == (export.landing_instance, export.entity, export.file, export.moment)
    ]
    same = [one for one in earlier if (one.checksum, one.settings_digest) == (checksum, settings)]
    if same:
        seconds = time.monotonic() - began
        return LandedFile.of(export, same[-1], was_already_landed=True, seconds=seconds)
    draft = Manifest(
        load_id=load_id(export.moment, checksum, settings),
        source=SOURCE,
        instance=export.landing_instance,
        object=export.entity,
        kind="full" if export.load == "full" else "increment",
        export=export.file,
        file=path.name,
        window_end=export.moment,
        cursor_after=iso_utc(export.moment),
        extracted_at=datetime.now(UTC),
        checksum=checksum,
        settings_digest=settings,
        columns={
            field: one.column for field, one in export.columns.items() if one.column is not None
        },
        time_zone=mapping.source_time_zone,
        supersedes=tuple(one.load_id for one in earlier),
    )
    load = land_rows(landing, mapping, export, path, draft)
    seconds = time.monotonic() - began
    return LandedFile.of(export, load, was_already_landed=False, seconds=seconds)


def land_rows(  # noqa: PLR0913  # what lands, and where
    landing: Landing,
    mapping: Mapping,
    export: Export,
    path: Path,
    draft: Manifest,
    *,
    malformed: Path | None = None,
) -> Manifest:
    """Land the rows of a file under a manifest that lacks only its counts; return the whole one.

    All rows or none; what was erased is taken out. If the load id is taken, another is given.
    `malformed` is a Parquet file of what had been taken out of the file before because it is no
    row: `line`, which no row of the file has, and `row_text`.
    Raises TerminalError as `land_file` does, and TransientError if the rows delivered, those set
    aside among them, are not as many as the manifest says that the source reported.
    """
    draft = _with_free_id(landing, draft)
    erased = read_erased_keys(landing)
    try:
        with (
            tempfile.TemporaryDirectory(prefix="unified-funnel-") as scratch,
            reading_connection(Path(scratch)) as connection,
        ):
            source = _OPENERS[export.type](path, export, connection, Path(scratch))
            with landing.write_load(draft) as load:
                scrubber = Scrubber(connection, mapping, erased)
                _write(load, export, source, scrubber, Path(scratch), malformed=malformed)
                _refuse_miscounted(load.manifest, path)
    except duckdb.Error as error:
        raise _unreadable(error, path) from error
    except _UnreliableError as error:
        raise TerminalError(
            "cannot be split into records reliably",
            where=str(path),
            mend="Check `delimiter` and `quote` under `format` in the mapping; nothing was loaded",
        ) from error
    return load.manifest


def _refuse_miscounted(manifest: Manifest, path: Path) -> None:
    reported = manifest.rows_reported
    if reported is not None and manifest.rows_delivered != reported:
        raise TransientError(
            f"{manifest.rows_delivered:,} rows came of {reported:,} that the source tells of",
            where=str(path),
            mend="Fetch it again; nothing of it was loaded",
        )


def settings_digest(mapping: Mapping, export: Export) -> str:
    """Return the SHA-256 of everything but the file that decides what lands.

    Value maps are not in it, because staging applies them; that of `is_deleted` is.
    """
    deleted = export.columns.get("is_deleted")
    settings = {
        "layout": _LAYOUT,
        "file": export.file,
        "load": export.load,
        "key": export.key,
        "format": {**export.format.model_dump(), "type": export.type, "delim": export.delimiter},
        "columns": {
            field: one.model_dump(include={"column", "value", "format"})
            for field, one in export.columns.items()
        },
        "is_deleted": None if deleted is None else deleted.model_dump(),
        "stamps": export.stamps,
        "time_zone": mapping.source_time_zone,
    }
    return hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()


def load_id(moment: datetime, checksum: str, settings: str) -> str:
    """Return the id of a load: of no other content, export or moment is it the same."""
    digest = hashlib.sha256((checksum + settings).encode()).hexdigest()[:_DIGEST_DIGITS]
    return f"{moment:%Y%m%dT%H%M%S}-{digest}"


def _with_free_id(landing: Landing, draft: Manifest) -> Manifest:
    # An export that was replaced and then put back: its first load stays superseded.
    taken = landing.taken_ids(draft)
    number, free = 1, draft
    while free.load_id in taken:
        number += 1
        free = replace(draft, load_id=f"{draft.load_id}-{number}")
    return free


def _write(  # noqa: PLR0913  # what lands, and where
    load: LoadWriter,
    export: Export,
    source: Source,
    scrubber: Scrubber,
    scratch: Path,
    *,
    malformed: Path | None,
) -> None:
    connection = scrubber.connection
    manifest = load.manifest
    raw = RawTable(
        export, source.names, manifest.load_id, manifest.file or "", manifest.extracted_at
    )
    with load.new_file() as part:
        everything = part.with_suffix(".draft")
        records = _read_all(source, raw, connection, everything)
        if malformed is not None:
            taken_out = f"read_parquet({file_literal(malformed, scratch)})"
            connection.execute(f"insert into {MALFORMED} from {taken_out}")
        rows = f"read_parquet({file_literal(everything, scratch)})"
        formats = _formats(export, connection, rows)
        updated = formats.get("updated_at", formats[ANY_FIELD])
        bad = find_bad_rows(connection, rows, updated if "updated_at" in export.columns else None)
        scrubbed = scrubber.rows(export.entity, rows, MALFORMED)
        if bad or scrubbed:
            connection.execute(
                f"copy (select * from {scrubbed or rows} "
                "where _line not in (select line from bad_rows)"
                f"{' order by _line' if scrubbed else ''}) "
                f"to {literal(str(part))} (format parquet, compression zstd)"
            )
        else:
            everything.replace(part)
        set_aside = bad + _count(connection, MALFORMED)
        if set_aside:
            if bad:
                _keep_texts(scrubber, raw, rows, scrubbed or rows)
            _write_set_aside(load, export, scrubber, has_bad_texts=bool(bad))
        everything.unlink(missing_ok=True)
    load.update(
        rows_delivered=records + set_aside - bad,
        rows_landed=records - bad,
        rows_set_aside=set_aside,
        formats=formats,
    )


def _read_all(
    source: Source, raw: RawTable, connection: duckdb.DuckDBPyConnection, path: Path
) -> int:
    """Write all records of a file, in its order, and return how many there are."""
    for reading in source.readings():
        records = write_parquet(_tables(reading, raw, connection), path)
        if reading.holds(records):
            return records
    raise _UnreliableError


def _tables(
    reading: Reading, raw: RawTable, connection: duckdb.DuckDBPyConnection
) -> Iterator[pa.Table]:
    line = "" if reading.line_of else "line, "
    reader = connection.execute(
        f"select {line}{raw.select()} from {reading.relation}"
    ).to_arrow_reader(_BATCH_ROWS)
    first = 0
    for batch in _read_ahead(reader):
        lines = reading.line_of(first, batch.num_rows) if reading.line_of else batch["line"]
        yield raw.table(batch, lines)
        first += batch.num_rows
    if not first:
        yield raw.table(pa.RecordBatch.from_pylist([], schema=reader.schema), pa.array([]))


def _read_ahead(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Parse the next batch while the one before is being written: 3.4 s become 2.0 s."""
    iterator = iter(batches)
    with ThreadPoolExecutor(max_workers=1) as reader:
        coming = reader.submit(next, iterator, None)
        while (batch := coming.result()) is not None:
            coming = reader.submit(next, iterator, None)
            yield batch


def _formats(export: Export, connection: duckdb.DuckDBPyConnection, rows: str) -> dict[str, str]:
    """Named format of each time field, of each stamp, and of any other (`*`).

    Where a file has one format for dates and one for times, a column with a colon has times.
    """
    form = export.format
    formats = {
        ANY_FIELD: form.date_format or form.timestamp_format or DEFAULT_FORMAT,
        DECIMAL_MARK: form.decimal_mark,
        THOUSANDS_MARK: form.thousands_mark,
    }
    times = {field: field for field in export.columns if ENTITIES[export.entity][field] == "time"}
    times |= {
        f"{field}={value}": f"_stamps[{literal(f'{field}={value}')}]"
        for field, values in export.stamps.items()
        for value in values
    }
    if times and (form.date_format or form.timestamp_format):
        checks = ", ".join(f"bool_or(contains({one}, ':'))" for one in times.values())
        has_clock = connection.execute(f"select {checks} from {rows}").fetchone() or ()
        for name, is_time in zip(times, has_clock, strict=True):
            given = form.timestamp_format if is_time else form.date_format
            formats[name] = given or DEFAULT_FORMAT
    named = {field: one.format for field, one in export.columns.items() if one.format}
    return formats | named


def _keep_texts(scrubber: Scrubber, raw: RawTable, rows: str, scrubbed: str) -> None:
    """Create the temporary table `bad_texts`: the bad rows as text, without what was erased."""
    of_line = f"select _line, _record_id, {raw.row_text()} as row_text from"
    bad = "where _line in (select line from bad_rows)"
    scrubber.connection.execute(
        "create or replace temp table bad_texts as "
        f"select _line as line, now._record_id as record_id, reason, "
        f"{scrubber.row_text('was.row_text', 'now.row_text')} as row_text "
        f"from ({of_line} {rows} {bad}) as was join ({of_line} {scrubbed} {bad}) as now "
        "using (_line) join bad_rows on line = _line"
    )


def _write_set_aside(
    load: LoadWriter, export: Export, scrubber: Scrubber, *, has_bad_texts: bool
) -> None:
    origin = ", ".join(
        literal(one or "")
        for one in (
            export.system,
            export.instance,
            export.entity,
            load.manifest.load_id,
            export.file,
            load.manifest.file,
        )
    )
    malformed = scrubber.row_text("row_text")
    parts = [f"select {origin}, line, null, 'malformed', {malformed} from {MALFORMED}"]
    if has_bad_texts:
        parts.append(f"select {origin}, line, record_id, reason, row_text from bad_texts")
    columns = ", ".join(SET_ASIDE_COLUMNS)
    types = ", ".join(f"{name}::{kind} as {name}" for name, kind in SET_ASIDE_COLUMNS.items())
    with load.new_file("set_aside") as path:
        scrubber.connection.execute(
            f"copy (with found({columns}) as ({' union all '.join(parts)}) "
            f"select {types} from found order by line) "
            f"to {literal(str(path))} (format parquet, compression zstd)"
        )


def _count(connection: duckdb.DuckDBPyConnection, table: str) -> int:
    counts = connection.execute(f"select count(*) from {table}").fetchone()
    return int(counts[0]) if counts else 0


def _unreadable(error: duckdb.Error, path: Path) -> TerminalError:
    said = str(error).splitlines()[0]
    if "state machine" in said:
        return TerminalError(
            "mixes line endings (CRLF and LF, or a lone CR)",
            where=str(path),
            mend="Save it with one kind of line ending; nothing of it was loaded",
        )
    return TerminalError(
        f"cannot be read ({said})",
        where=str(path),
        mend="Check the file and its `format` in the mapping; nothing of it was loaded",
    )
