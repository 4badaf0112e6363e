"""The pieces of DuckDB SQL that every reader of files needs."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import duckdb

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

# 2 million rows of 9 columns peaked at 0.5 GB in all; less makes the reader wait for buffers.
_MEMORY_LIMIT = "1GB"


@contextmanager
def reading_connection(scratch: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Give an in-memory database that spills into the scratch folder and loads no extensions."""
    connection = duckdb.connect(
        config={
            "memory_limit": _MEMORY_LIMIT,
            "temp_directory": str(scratch / "spill"),
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
        }
    )
    try:
        connection.execute("set TimeZone = 'UTC'")
        yield connection
    finally:
        connection.close()


@contextmanager
def memory_limit(connection: duckdb.DuckDBPyConnection, limit: str) -> Iterator[None]:
    """Give one statement less memory than the others: what does not fit is spilled."""
    connection.execute(f"set memory_limit = {literal(limit)}")
    try:
        yield
    finally:
        connection.execute(f"set memory_limit = {literal(_MEMORY_LIMIT)}")


def literal(text: str) -> str:
    """Return a text as an SQL literal."""
    return "'" + text.replace("'", "''") + "'"


def file_literal(path: Path, scratch: Path) -> str:
    """Return a path as an SQL literal, by a link where DuckDB would take it for a pattern."""
    if not any(mark in str(path) for mark in "*?["):
        return literal(str(path))
    link = scratch / f"link-{sum(1 for _ in scratch.iterdir())}{path.suffix}"
    link.symlink_to(path.resolve())
    return literal(str(link))


def literals(texts: Iterable[str]) -> str:
    """Return texts as an SQL list."""
    return "[" + ", ".join(literal(one) for one in texts) + "]"


def column(position: int) -> str:
    """Return the name of a column of a file inside SQL: names in a file may be anything."""
    return f"c{position}"
