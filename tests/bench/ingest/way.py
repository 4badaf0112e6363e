"""One way to read one system: `python -m tests.bench.ingest.way <way> <system> <folder>`.

Prints its seconds and its CPU seconds, without start and imports. A way that brings other rows than
were fetched fails: it would not be the same work.
"""

from __future__ import annotations

import shutil
import sys
import time
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from ingestion.connectors.reading import Reading
from ingestion.landing import Landing
from tests.bench.ingest import downloads
from tests.bench.ingest.source import Source

if TYPE_CHECKING:
    from collections.abc import Callable


def connector(source: Source) -> int:
    """Read it as a run does, from the API into the landing."""
    for name in ("landing", "downloads"):
        shutil.rmtree(source.place / name, ignore_errors=True)
    reading = Reading(
        landing=Landing(source.place / "landing"),
        mapping=source.mapping,
        folder=source.place / "downloads",
    )
    rows: dict[str, int] = {}
    for one in reading.read(source.connection):
        if one.error is not None:
            raise one.error
        # Some objects land as several entities.
        rows |= {export.object or "": load.rows_delivered for export, load in one.loads}
    return sum(rows.values())


def read_csv(source: Source) -> int:
    """Read what was fetched as text, with nothing to guess, and write it as Parquet."""
    target = source.place / "rival.parquet"
    rows = 0
    with duckdb.connect() as connection:
        for one in downloads.downloads(source):
            columns = dict.fromkeys(one.asked["fields"], "VARCHAR")
            found = connection.execute(
                f"copy (select * from read_csv('{one.path}', auto_detect = false, header = true, "
                f"columns = {columns}, delim = ',', quote = '\"', escape = '\"')) "
                f"to '{target}' (format parquet, compression zstd)"
            ).fetchone()
            rows += int(found[0]) if found else 0
    target.unlink()
    return rows


def _with_dlt(form: str) -> Callable[[Source], int]:
    def read(source: Source) -> int:
        loaded: int = getattr(import_module("tests.bench.ingest.with_dlt"), form)(source)
        return loaded

    return read


WAYS: dict[str, Callable[[Source], int]] = {
    "fetch": downloads.fetch,
    "connector": connector,
    "read_csv": read_csv,
    "arrow": _with_dlt("arrow"),
    "dicts": _with_dlt("dicts"),
}

if __name__ == "__main__":
    _way, _source = sys.argv[1], Source(sys.argv[2], Path(sys.argv[3]).resolve())
    if _way in {"arrow", "dicts"}:
        # Before the clock starts: 2 s.
        import_module("tests.bench.ingest.with_dlt")
    _began, _began_cpu = time.monotonic(), time.process_time()
    _rows = WAYS[_way](_source)
    _took = f"{time.monotonic() - _began} {time.process_time() - _began_cpu}"
    _fetched = sum(one.rows for one in downloads.downloads(_source))
    if _rows != _fetched:
        sys.exit(f"{_rows:,} rows came, {_fetched:,} were fetched")
    sys.stdout.write(f"{_took}\n")
