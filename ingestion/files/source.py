"""What every type of file offers: the names of its columns and its rows as text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import pyarrow as pa

from ingestion.errors import TerminalError
from ingestion.yaml_tree import closest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    import duckdb
    import numpy as np
    import numpy.typing as npt

    from ingestion.files.mapping import Export

# Name of the temporary table of rows that are no records: `line` BIGINT, `row_text` VARCHAR.
MALFORMED = "malformed"

_SHOWN_COLUMNS = 20


@dataclass(frozen=True)
class Reading:
    """One way to read the rows of a file.

    `relation` is SQL for a table with columns c0, c1, … of text, in the order of the file, and
    `line`, the physical line of each record, unless `line_of(first, count)` gives it. `holds`
    tells, after all rows were read, whether this many are really the records of the file; the
    malformed ones are in `MALFORMED` then.
    """

    relation: str
    holds: Callable[[int], bool]
    line_of: Callable[[int, int], npt.NDArray[np.int64]] | None = None


class Source(Protocol):
    """A file that was opened. `names` are the names of its columns."""

    names: tuple[str, ...]

    def readings(self) -> Iterator[Reading]:
        """Yield ways to read the file; the next is tried where the one before does not hold."""


def needed_columns(export: Export) -> list[str]:
    """Return the columns of the file that a mapping names, each once."""
    fields = [one.column for one in export.columns.values() if one.column is not None]
    stamps = [name for values in export.stamps.values() for name in values.values()]
    return list(dict.fromkeys([*export.key, *fields, *stamps]))


def checked_names(given: Sequence[str], export: Export, path: Path) -> tuple[str, ...]:
    """Return the names of a header, without blanks around them.

    Raises TerminalError if two are equal or one that the mapping names is missing.
    """
    names = tuple(one.strip() or f"column {at}" for at, one in enumerate(given, start=1))
    repeated = sorted({one for one in names if names.count(one) > 1})
    if repeated:
        raise TerminalError(
            f"two columns are named {', '.join(repeated)}",
            where=str(path),
            mend="Rename one of the two in the file; nothing of it was loaded",
        )
    missing = [one for one in needed_columns(export) if one not in names]
    if missing:
        advice = [
            f"{one}: did you mean {near}?" for one in missing if (near := closest(one, names))
        ]
        shown = ", ".join(names[:_SHOWN_COLUMNS]) + (" …" if len(names) > _SHOWN_COLUMNS else "")
        raise TerminalError(
            f"has no column {', '.join(missing)}, which the mapping names for {export.entity}",
            where=str(path),
            mend=" ".join([*advice, f"The first line should be the header; it is: {shown}"]),
        )
    return names


def keep_malformed(
    connection: duckdb.DuckDBPyConnection, lines: Sequence[int], texts: Sequence[str]
) -> None:
    """Create the table of the rows that are no records."""
    rows = pa.table({"line": pa.array(lines, pa.int64()), "row_text": pa.array(texts, pa.string())})
    connection.register("malformed_rows", rows)
    connection.execute(f"create or replace temp table {MALFORMED} as from malformed_rows")
    connection.unregister("malformed_rows")
