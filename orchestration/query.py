"""SQL over the tables published last: `make query SQL="select …"`."""

from __future__ import annotations

import argparse
import os
import sys

import duckdb

from ingestion.errors import FunnelError, TerminalError
from orchestration.publication import CURRENT, DATABASE
from orchestration.terminal import as_table
from orchestration.workspace import Workspace, read_workspace

_ROWS_SHOWN = 1000


def query(workspace: Workspace, sql: str) -> str:
    """Return the result of a statement as a table in plain text, at most 1,000 rows of it.

    Names without a schema are found in `marts`. Raises TerminalError if nothing is published yet
    or the statement is wrong.
    """
    path = workspace.published / CURRENT / DATABASE
    if not path.is_file():
        raise TerminalError("nothing is published yet", where=str(path), mend="Call `make run`")
    with duckdb.connect(str(path.resolve()), read_only=True) as connection:
        try:
            connection.execute("set search_path = 'marts,quality'")
            found = connection.sql(sql)
        except duckdb.Error as error:
            raise TerminalError(str(error), where="SQL", mend="Mend the statement") from error
        if found is None:
            return "done"
        return _table(found.columns, found.limit(_ROWS_SHOWN + 1).fetchall())


def _table(columns: list[str], found: list[tuple[object, ...]]) -> str:
    rows = found[:_ROWS_SHOWN]
    end = f"({len(rows)} row{'' if len(rows) == 1 else 's'})"
    if len(found) > len(rows):
        end = f"(the first {_ROWS_SHOWN:,} rows; there are more)"
    return "\n".join([*as_table(columns, rows), end])


def main(arguments: list[str] | None = None) -> int:
    """Print the result; returns 1 with one line on standard error if that does not work."""
    parser = argparse.ArgumentParser(prog="orchestration.query", description=__doc__)
    parser.add_argument("sql", help="one statement, e.g. 'select * from marts.dim_stages'")
    options = parser.parse_args(arguments)
    try:
        sys.stdout.write(query(read_workspace(), options.sql) + "\n")
        sys.stdout.flush()
    except FunnelError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except BrokenPipeError:
        # `make query … | head` closes early; Python would complain at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


if __name__ == "__main__":
    sys.exit(main())
