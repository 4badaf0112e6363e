"""Tables drawn at random, beside those of a built warehouse that they need."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import duckdb

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

# What the models have: `profiles.yml`.
SETTINGS = "set threads = 2; set memory_limit = '3GB'; set TimeZone = 'UTC'"


@contextmanager
def drawn(
    folder: Path, name: str, needed: Sequence[str], statements: str
) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a warehouse with copies of the `needed` tables and what the `statements` make.

    `folder` is that of a bench's workspace after a build, whose warehouse the statements see as
    `source`. The drawn one is removed at the end. Raises FileNotFoundError before a build.
    """
    built = folder / "warehouse.duckdb"
    if not built.is_file():
        raise FileNotFoundError(built)
    place = folder / name
    place.mkdir(exist_ok=True)
    # Of the name that compiled models have for their database.
    file = place / built.name
    file.unlink(missing_ok=True)
    try:
        with duckdb.connect(str(file)) as connection:
            connection.execute(SETTINGS)
            connection.execute(f"attach '{built}' as source (read_only)")
            for schema in ("agreement", "intermediate", "marts", "ops"):
                connection.execute(f"create schema {schema}")
            for table in needed:
                connection.execute(f"create table {table} as from source.{table}")
            connection.execute(statements)
            yield connection
    finally:
        file.unlink(missing_ok=True)
