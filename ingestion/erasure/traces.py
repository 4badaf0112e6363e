"""Where values still are: every file of a folder is looked into."""

from __future__ import annotations

import mmap
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import duckdb

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path


@dataclass(frozen=True)
class Trace:
    """A place that still holds a value: file, and table or column where it has such."""

    path: Path
    place: str
    what: str


def find_traces(folder: Path, values: Sequence[str], left_out: Iterable[Path] = ()) -> list[Trace]:
    """Return the places below a folder that hold one of the values, in any case of letters.

    Parquet files and DuckDB databases are looked into column by column, all other files byte by
    byte. A value counts where no letter or digit stands beside it. What cannot be opened is a trace
    too: nobody can tell what it holds.
    """
    if not values or not folder.is_dir():
        return []
    without = set(left_out)
    found = []
    for path in sorted(folder.rglob("*")):
        if not path.is_file() or path.is_symlink() or without.intersection(path.parents):
            continue
        try:
            if path.suffix == ".parquet":
                found += list(_in_parquet(path, values))
            elif path.suffix == ".duckdb":
                found += list(_in_database(path, values))
            elif _in_bytes(path, values):
                found.append(Trace(path, "", "holds it"))
        except (duckdb.Error, OSError) as error:
            # Not the whole message: it may quote what is looked for.
            found.append(Trace(path, "", f"cannot be looked into ({type(error).__name__})"))
    return found


def _in_parquet(path: Path, values: Sequence[str]) -> Iterator[Trace]:
    with duckdb.connect(config={"autoinstall_known_extensions": False}) as connection:
        listed = "'" + str(path).replace("'", "''") + "'"
        for column, rows in _columns(connection, f"read_parquet([{listed}])", values):
            yield Trace(path, column, f"{rows} rows")


def _in_database(path: Path, values: Sequence[str]) -> Iterator[Trace]:
    with duckdb.connect(str(path), read_only=True) as connection:
        tables = connection.execute(
            "select schema_name, table_name from duckdb_tables() where not internal order by all"
        ).fetchall()
        for schema, table in tables:
            for column, rows in _columns(connection, f'"{schema}"."{table}"', values):
                yield Trace(path, f"{schema}.{table}.{column}", f"{rows} rows")


def _columns(
    connection: duckdb.DuckDBPyConnection, relation: str, values: Sequence[str]
) -> Iterator[tuple[str, int]]:
    """Names of the columns of a relation that hold a value, with the number of rows."""
    described = connection.execute(f"describe select * from {relation}").fetchall()
    texts = [
        str(name)
        for name, kind, *_ in described
        if "VARCHAR" in str(kind) or str(kind) in {"JSON", "BLOB"}
    ]
    if not texts:
        return
    pattern = _pattern(values)
    counts = connection.execute(
        "select "
        + ", ".join(
            "count(*) filter (where regexp_matches("
            f"\"{name.replace(chr(34), chr(34) * 2)}\"::varchar, $1, 'i'))"
            for name in texts
        )
        + f" from {relation}",
        [pattern],
    ).fetchone()
    for name, rows in zip(texts, counts or (), strict=True):
        if rows:
            yield name, int(rows)


def _in_bytes(path: Path, values: Sequence[str]) -> bool:
    if path.stat().st_size == 0:
        return False
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        return re.search(_pattern(values).encode(), content, re.IGNORECASE) is not None


def _pattern(values: Sequence[str]) -> str:
    """One pattern that DuckDB and Python read alike.

    ann@x.com is neither found in mary-ann@x.com nor in ann@x.com.au.
    """
    either = "|".join(re.escape(one) for one in values)
    return rf"(^|[^A-Za-z0-9._%+\-])({either})($|[^A-Za-z0-9.\-]|\.($|[^A-Za-z0-9]))"
