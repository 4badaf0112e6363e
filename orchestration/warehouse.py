"""Reading the warehouse between two runs: for the commands that look behind the publication."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import duckdb

from ingestion.errors import TerminalError
from orchestration.lock import hold_lock

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date, datetime

    from orchestration.workspace import Workspace


@dataclass(frozen=True)
class RunContext:
    """What the warehouse was built for; `as_of` (exclusive) is UTC without a zone."""

    as_of: datetime
    as_of_date: date
    zone: str
    agreement_version: int


@contextmanager
def open_warehouse(workspace: Workspace, reader: str) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open the warehouse for reading, names without a schema being found in `intermediate`.

    The run lock is held meanwhile, under the name of the `reader`: DuckDB lets nobody write a file
    that somebody reads, so a run that began now would fail half-way instead of at its start.
    Raises TerminalError if a run is in progress, nothing is built yet, or the warehouse lacks what
    this version of the project reads.
    """
    path = workspace.warehouse
    if not path.is_file():
        raise TerminalError("nothing is built yet", where=str(path), mend="Call `make run`")
    with (
        hold_lock(workspace.lock, reader),
        duckdb.connect(str(path), read_only=True) as connection,
    ):
        try:
            connection.execute("set autoinstall_known_extensions = false")
            connection.execute("set timezone = 'UTC'")
            connection.execute("set search_path = 'intermediate,marts,staging'")
            yield connection
        except (duckdb.CatalogException, duckdb.BinderException) as error:
            raise TerminalError(
                f"the warehouse was built by another version of the project ({error})",
                where=str(path),
                mend="Call `make run`",
            ) from error


def run_context(connection: duckdb.DuckDBPyConnection) -> RunContext:
    """Return what the open warehouse was built for. Raises TerminalError if it does not say."""
    found = connection.execute(
        "select as_of, as_of_date, reporting_time_zone, agreement_version from ops.run_context"
    ).fetchone()
    if found is None:
        raise TerminalError(
            "ops.run_context has no row", where="the warehouse", mend="Call `make run`"
        )
    return RunContext(*found)


def fetch(
    connection: duckdb.DuckDBPyConnection, query: str, *values: object
) -> list[dict[str, Any]]:
    """Return the rows of a query, each by column name."""
    found = connection.execute(query, list(values))
    columns = [column[0] for column in found.description or []]
    return [dict(zip(columns, row, strict=True)) for row in found.fetchall()]
