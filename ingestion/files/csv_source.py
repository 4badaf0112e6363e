"""CSV, plain or gzipped, in any encoding: read in DuckDB with nothing guessed."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ingestion.errors import TerminalError
from ingestion.files.decoding import as_utf8, refuse_wrong_bytes
from ingestion.files.physical_lines import count_lines, index_lines, record_lines
from ingestion.files.source import Reading, checked_names, keep_malformed, needed_columns
from ingestion.files.sql import column, file_literal, literal, literals

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import duckdb

    from ingestion.files.mapping import Export
    from ingestion.files.physical_lines import Integers

_HEADER_BYTES = 1 << 20
_LONGEST_RECORD = 2_000_000  # DuckDB's own limit
# A text that no file holds: DuckDB takes an empty list for its default, the empty text.
_NO_NULLS = "\ue000no null\ue000"


class CsvSource:
    """An opened CSV file. Raises TerminalError if it has to be refused as a whole."""

    def __init__(
        self, path: Path, export: Export, connection: duckdb.DuckDBPyConnection, scratch: Path
    ) -> None:
        self._path = path
        self._export = export
        self._connection = connection
        self._plain = as_utf8(path, export.format.encoding, scratch)
        self._file = file_literal(self._plain, scratch)
        self._lines = count_lines(self._plain)
        header = self._read_header()
        self._refuse_other_delimiter(header.names)
        self._skip = header.lines_before
        self._header_lines = header.lines
        self.names = checked_names(header.names, export, path)

    def readings(self) -> Iterator[Reading]:
        """Yield the fast reading, then the careful one.

        The fast one holds where every line after the header is one record; the careful one,
        single-threaded and in two passes, finds the lines of the others.
        """
        keep_malformed(self._connection, [], [])
        yield Reading(self._relation("plain"), self._is_one_record_a_line, self._next_lines)
        yield self._careful()

    def _is_one_record_a_line(self, records: int) -> bool:
        rejects = self._connection.execute("select count(*) from plain_errors").fetchone()
        return rejects == (0,) and records + self._header_lines == self._lines.lines

    def _next_lines(self, first: int, count: int) -> Integers:
        start = first + self._header_lines + 1
        return np.arange(start, start + count, dtype=np.int64)

    def _careful(self) -> Reading:
        spans = self._connection.execute(
            f"select record, span from (select row_number() over () - 1 as record, "
            f"1 + {self._line_breaks()} as span from {self._relation('spans', parallel=False)}) "
            "where span > 1 order by record"
        ).fetchnumpy()
        long_records = np.asarray(spans["record"], dtype=np.int64)
        long_spans = np.asarray(spans["span"], dtype=np.int64)
        rejects = self._rejects()
        index = index_lines(
            self._plain,
            self._lines.line_end,
            np.array([one.offset for one in rejects], dtype=np.int64),
        )
        starts = index.of_offsets
        self._refuse_swallowing(rejects, starts)
        lengths = np.array([one.text.count(self._line_end) + 1 for one in rejects], dtype=np.int64)
        skipped = np.unique(
            np.concatenate(
                [
                    np.arange(1, self._header_lines + 1),
                    # With one column an empty line is a record without value.
                    index.empty if len(self.names) > 1 else index.empty[:0],
                    _ranges(starts, lengths),
                ]
            )
        ).astype(np.int64)
        malformed = [(int(line), one.text) for line, one in zip(starts, rejects, strict=True)]

        def line_of(first: int, count: int) -> Integers:
            return record_lines(first, count, long_records, long_spans, skipped)

        def holds(records: int) -> bool:
            self._refuse_all_malformed(records, len(rejects))
            found = records + int((long_spans - 1).sum())
            lost = self._lines.lines - len(skipped) - found
            # Read in one thread, DuckDB 1.5.5 drops a last record whose quote is open, silently.
            tail = self._open_tail(int(line_of(records, 1)[0]), lost) if lost > 0 else []
            lines, texts = zip(*(malformed + tail), strict=True) if malformed or tail else ((), ())
            keep_malformed(self._connection, lines, texts)
            return lost == len(tail)

        return Reading(self._relation("careful", parallel=False), holds, line_of)

    def _open_tail(self, line: int, lines: int) -> list[tuple[int, str]]:
        """The line that an open quote ends the file with; refuses the file if it hides others."""
        if lines > 1:
            raise self._open_quote(line)
        with self._plain.open("rb") as file:
            size = file.seek(0, io.SEEK_END)
            file.seek(max(size - _LONGEST_RECORD, 0))
            text = file.read().decode("utf-8", errors="replace").rstrip("\r\n")
        text = text[text.rfind(self._line_end) + 1 :]
        quote = self._export.format.quote
        return [(line, text)] if quote and text.count(quote) % 2 else []

    def _open_quote(self, line: int) -> TerminalError:
        return TerminalError(
            f"a quote that is opened on line {line} is not closed and hides the rows after it",
            where=str(self._path),
            mend=f"Close the quote on line {line}, or export the file again; nothing was loaded",
        )

    def _refuse_all_malformed(self, records: int, rejects: int) -> None:
        if rejects and not records:
            raise TerminalError(
                f"no row has the {len(self.names)} values that the header names",
                where=str(self._path),
                mend="Check `delimiter` and `quote` under `format` in the mapping",
            )

    @property
    def _line_end(self) -> str:
        return chr(self._lines.line_end)

    def _relation(self, name: str, *, parallel: bool = True) -> str:
        form = self._export.format
        columns = ", ".join(f"'{column(at)}': 'VARCHAR'" for at in range(len(self.names)))
        quote = literal(form.quote)
        return (
            f"read_csv({self._file}, auto_detect = false, header = true, "
            f"skip = {self._skip}, columns = {{{columns}}}, "
            f"delim = {literal(self._export.delimiter)}, quote = {quote}, escape = {quote}, "
            f"nullstr = {literals(form.nulls or (_NO_NULLS,))}, compression = 'none', "
            f"store_rejects = true, rejects_table = '{name}_errors', "
            f"rejects_scan = '{name}_scans', parallel = {str(parallel).lower()})"
        )

    def _line_breaks(self) -> str:
        """SQL: line breaks inside a record, those that end an empty line left out."""
        end = f"chr({self._lines.line_end})"
        if len(self.names) == 1:
            return f"coalesce(length(c0) - length(replace(c0, {end}, '')), 0)"
        return " + ".join(
            f"case when contains({one}, {end}) then len(string_split({one}, {end})) - 1 - "
            f"len(list_filter(string_split({one}, {end})[2:-2], lambda x: x in ('', chr(13)))) "
            "else 0 end"
            for one in map(column, range(len(self.names)))
        )

    def _rejects(self) -> list[_Reject]:
        rows = self._connection.execute(
            "select line_byte_position - 1, arg_min(csv_line, byte_position), "
            "list(distinct error_type::varchar) from spans_errors group by 1 order by 1"
        ).fetchall()
        # A reject that follows blank lines begins with them.
        found = []
        for at, text, kinds in rows:
            inner = text.lstrip("\r\n")
            found.append(_Reject(at + len(text) - len(inner), inner.rstrip("\r\n"), tuple(kinds)))
        return found

    def _refuse_swallowing(self, rejects: list[_Reject], lines: np.ndarray) -> None:
        """Refuse a file in which a malformed row hides others."""
        quote = self._export.format.quote
        for one, line in zip(rejects, lines.tolist(), strict=True):
            if "INVALID ENCODING" in one.kinds:
                refuse_wrong_bytes(self._plain, "utf-8")
            is_open = quote and one.text.count(quote) % 2 == 1 and self._line_end in one.text
            if is_open:
                raise self._open_quote(line)
            if "LINE SIZE OVER MAXIMUM" in one.kinds:
                raise TerminalError(
                    f"the record on line {line} is longer than 2 MB",
                    where=str(self._path),
                    mend=f"Check the quotes on line {line}; nothing was loaded",
                )

    def _read_header(self) -> _Header:
        with self._plain.open("rb") as file:
            start = file.read(_HEADER_BYTES)
        try:
            text = start.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            if len(start) < _HEADER_BYTES or error.start < len(start) - 4:
                refuse_wrong_bytes(self._plain, "utf-8")
            text = start[: error.start].decode("utf-8-sig")
        form = self._export.format
        rows = csv.reader(
            io.StringIO(text, newline=""),
            delimiter=self._export.delimiter,
            quotechar=form.quote or None,
            quoting=csv.QUOTE_MINIMAL if form.quote else csv.QUOTE_NONE,
        )
        before = 0
        try:
            for row in rows:
                if row:
                    return _Header(tuple(row), before, rows.line_num)
                before = rows.line_num
        except csv.Error as error:
            raise TerminalError(
                f"the header cannot be read ({error})",
                where=str(self._path),
                mend="Check `delimiter` and `quote` under `format` in the mapping",
            ) from error
        raise TerminalError(
            "is empty",
            where=str(self._path),
            mend="Export it again; a file without records still has a header line",
        )

    def _refuse_other_delimiter(self, names: tuple[str, ...]) -> None:
        if len(names) > 1 or len(needed_columns(self._export)) == 1:
            return
        given = self._export.delimiter
        likely = max((";", ",", "\t", "|"), key=names[0].count)
        shown = {"\t": "a tab"}
        mend = "Name the right one under `format` in the mapping"
        if likely in names[0]:
            written = "\\t" if likely == "\t" else likely
            mend += f', e.g. delimiter: "{written}"'
        raise TerminalError(
            f"has one column only when it is split at {shown.get(given, given)}",
            where=str(self._path),
            mend=mend,
        )


@dataclass(frozen=True)
class _Header:
    """`lines_before` are empty; `lines` is the number of the header's last line."""

    names: tuple[str, ...]
    lines_before: int
    lines: int


@dataclass(frozen=True)
class _Reject:
    """A row that is no record: its first byte, from 0, and its text."""

    offset: int
    text: str
    kinds: tuple[str, ...]


def _ranges(starts: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """Return all numbers of the ranges that begin at `starts`."""
    if not len(starts):
        return np.empty(0, dtype=np.int64)
    begins = np.repeat(starts, lengths)
    within = np.arange(int(lengths.sum())) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    ranges: np.ndarray = begins + within
    return ranges
