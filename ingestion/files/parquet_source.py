"""Parquet exports: typed values become the text that a CSV export would show."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ingestion.files.source import Reading, checked_names, keep_malformed
from ingestion.files.sql import column, file_literal, literal

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import duckdb

    from ingestion.files.mapping import Export


class ParquetSource:
    """An opened Parquet file. Raises TerminalError if a column is missing."""

    def __init__(
        self, path: Path, export: Export, connection: duckdb.DuckDBPyConnection, scratch: Path
    ) -> None:
        self._connection = connection
        self._nulls = export.format.nulls
        self._file = f"read_parquet({file_literal(path, scratch)})"
        described = connection.execute(f"describe from {self._file}").fetchall()
        self._given = [(str(name), str(kind)) for name, kind, *_ in described]
        self.names = checked_names([name for name, _ in self._given], export, path)

    def readings(self) -> Iterator[Reading]:
        """Yield the only reading. The line of a row is its number, from 1."""
        keep_malformed(self._connection, [], [])
        texts = ", ".join(
            f"{self._text(name, kind)} as {column(at)}"
            for at, (name, kind) in enumerate(self._given)
        )
        yield Reading(
            f"(select {texts} from {self._file})",
            holds=lambda _: True,
            line_of=lambda first, count: np.arange(first + 1, first + 1 + count, dtype=np.int64),
        )

    def _text(self, name: str, kind: str) -> str:
        value = '"' + name.replace('"', '""') + '"'
        if kind == "TIMESTAMP WITH TIME ZONE":
            return f"strftime({value}, '%Y-%m-%dT%H:%M:%S.%fZ')"
        if kind.endswith("[]") or kind.startswith(("STRUCT", "MAP")):
            return f"to_json({value})::varchar"
        if kind != "VARCHAR" or not self._nulls:
            return f"{value}::varchar"
        nulls = ", ".join(literal(one) for one in self._nulls)
        return f"case when {value} not in ({nulls}) then {value} end"
