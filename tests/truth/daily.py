"""Daily exports against one full export at the end: which rows of which marts differ."""

from __future__ import annotations

from typing import TYPE_CHECKING

import duckdb

from tests.truth.companies import feed, run, write

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

    from ingestion.sandbox.mess import Profile


def differences(
    root: Path, mess: Profile, first_day: date, *, people: int, seed: int = 7
) -> dict[str, tuple[int, int]]:
    """Return mart -> rows that only the full export, and only the daily ones, lead to.

    Marts that are equal are not in it. The daily exports begin with all there is on the first day.
    """
    full = write(root, f"{mess}_full", mess=mess, people=people, seed=seed)
    daily = write(root, f"{mess}_daily", mess=mess, people=people, seed=seed, daily_from=first_day)
    run(full)
    feed(daily)
    return compare(full.warehouse, daily.warehouse)


def compare(one: Path, other: Path) -> dict[str, tuple[int, int]]:
    """Return mart -> rows that only the one and only the other has; equal marts are left out."""
    found = {}
    with duckdb.connect() as connection:
        connection.execute(f"attach '{one}' as one (read_only)")
        connection.execute(f"attach '{other}' as other (read_only)")
        marts = connection.execute(
            "select table_name from duckdb_tables() where database_name = 'one'"
            " and schema_name = 'marts' order by 1"
        ).fetchall()
        for (mart,) in marts:
            counts = tuple(
                _count(connection, f"select * from {a}.marts.{mart} except all"
                                   f" select * from {b}.marts.{mart}")
                for a, b in (("one", "other"), ("other", "one"))
            )  # fmt: skip
            if any(counts):
                found[mart] = counts
    return found


def _count(connection: duckdb.DuckDBPyConnection, query: str) -> int:
    rows = connection.execute(f"select count(*) from ({query})").fetchone()
    return int(rows[0]) if rows else 0
