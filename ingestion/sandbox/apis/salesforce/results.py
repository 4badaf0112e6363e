"""Rows of query jobs as pages of CSV."""

from __future__ import annotations

import base64
import binascii
import gzip
import zlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ingestion.sandbox.apis.salesforce.jobs import DELIMITERS, LINE_ENDS
from ingestion.sandbox.apis.salesforce.kept import Kept
from ingestion.sandbox.apis.salesforce.refusal import Refusal
from ingestion.sandbox.systems.dialect import csv_header, csv_lines
from ingestion.sandbox.systems.salesforce.instance import DIALECT

if TYPE_CHECKING:
    import pyarrow as pa

    from ingestion.sandbox.apis.salesforce.jobs import Job
    from ingestion.sandbox.apis.salesforce.options import Options
    from ingestion.sandbox.systems.dialect import Dialect

DAMAGES = ("malformed_row", "null_byte")  # faults that strike one row of a page
_LEVEL = 1  # of gzip: 50,000 rows of 15 columns take 0.09 s, at the level 6 they take 0.25 s


@dataclass(frozen=True)
class Page:
    """Rows of a result from one on (inclusive) until another (exclusive)."""

    start: int
    end: int
    damage: str | None = None  # of one of its rows: one of DAMAGES


class Results:
    """Rows and pages of jobs, made when they are asked for, and anew when they are forgotten."""

    def __init__(self, options: Options) -> None:
        self._seed = options.seed
        self._rows: Kept[pa.Table] = Kept(options.results_cached)
        self._zipped: Kept[bytes] = Kept(options.pages_cached)

    def rows(self, job: Job) -> pa.Table:
        """Return the rows of a job, in an order that tells nothing.

        Raises ValueError for a job whose query cannot be answered.
        """
        selection = job.selection
        if selection is None:
            raise ValueError(f"{job.id} has no rows")
        seed = zlib.crc32(job.query.encode()) + self._seed

        def rows() -> pa.Table:
            found = selection.rows(job.created_at, shuffle=seed)
            return found.select([field.name for field in selection.fields])

        return self._rows.get(_key(job), rows)

    def body(self, job: Job, page: Page, *, zipped: bool) -> bytes:
        """Return a page with its header line, compressed with gzip if so asked."""
        if not zipped:
            return self._csv(job, page)
        key = (*_key(job), job.delimiter, job.line_end, page)
        return self._zipped.get(key, lambda: gzip.compress(self._csv(job, page), _LEVEL, mtime=0))

    def _csv(self, job: Job, page: Page) -> bytes:
        dialect = replace(
            DIALECT, delimiter=DELIMITERS[job.delimiter], line_end=LINE_ENDS[job.line_end]
        )
        table = self.rows(job)
        rows = table.slice(page.start, page.end - page.start)
        parts = [csv_header(table.column_names, dialect)]
        if page.damage and len(rows):
            middle = len(rows) // 2
            parts += csv_lines(rows.slice(0, middle), dialect)
            parts.append(_damaged(page.damage, rows.slice(middle, 1), dialect))
            rows = rows.slice(middle + 1)
        return b"".join([*parts, *csv_lines(rows, dialect)])


def locator(place: int) -> str:
    """Return the opaque name of a place among the rows of a job."""
    return base64.urlsafe_b64encode(str(place).encode()).decode().rstrip("=")


def place_of(text: str) -> int:
    """Return the place that a locator names. Raises Refusal for a text that is none."""
    try:
        place = int(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (ValueError, binascii.Error) as error:
        raise _no_locator() from error
    if place < 0 or locator(place) != text:
        raise _no_locator()
    return place


def _no_locator() -> Refusal:
    return Refusal(400, "INVALID_QUERY_LOCATOR", "invalid query locator")


def _damaged(damage: str, row: pa.Table, dialect: Dialect) -> bytes:
    line = b"".join(csv_lines(row, dialect))
    last = b"".join(csv_lines(row.select([row.num_columns - 1]), dialect))
    before = line.removesuffix(last)
    if damage == "null_byte":
        return before + last[:1] + b"\0" + last[1:]
    end, delimiter = dialect.line_end.encode(), dialect.delimiter.encode()
    if before:
        return before.removesuffix(delimiter) + end
    # A row of one value has none to lose, and gets one more.
    return last.removesuffix(end) + delimiter + last


def _key(job: Job) -> tuple[str, str, float]:
    """What the rows of a job hang on: two jobs with one key share them."""
    return (job.query, job.operation, job.created_at)
