"""The raw table of an entity: from rows of a file, as text, to the columns that land.

Constant columns are dictionary-encoded here, not in SQL: written by DuckDB they doubled the time
of a 2-million-row load (7.7 s of CPU against 3.7 s).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from ingestion.files.entities import ENTITIES
from ingestion.files.sql import column, literal
from ingestion.landing import iso_utc

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime
    from pathlib import Path

    import numpy.typing as npt

    from ingestion.files.mapping import Export

_TRUE = ("true", "t", "yes", "y", "1")
_COMPRESSION_LEVEL = 1
# A column whose first rows repeat each value this often is worth a dictionary. To count the values
# of a whole batch took a third of the time of landing 78,000 leads, and told the same.
_REPEATS, _SAMPLE = 8, 1 << 14


@dataclass(frozen=True)
class RawTable:
    """How one export lands: SQL that reads it, and the Arrow table of each batch.

    Shape: one row per record of the file; columns as in `entities.SYSTEM_COLUMNS`, then the
    fields of the entity in registry order, all text as delivered. Times are UTC without zone.
    """

    export: Export
    names: tuple[str, ...]
    load_id: str
    file: str
    extracted_at: datetime

    def select(self) -> str:
        """Return the SQL expressions over c0, c1, … that `table` needs."""
        expressions = [
            f"{self._key()} as _record_id",
            f"{self._undeclared()} as _undeclared",
            *(f"{column(self._at(name))} as {column(self._at(name))}" for name in self._read()),
        ]
        if self._has_column("updated_at"):
            at = column(self._at(self.export.columns["updated_at"].column))
            expressions.append(f"coalesce({at}, {literal(self._exported_at())}) as _cursor")
        if self._has_column("is_deleted"):
            expressions.append(f"{self._is_deleted()} as _is_deleted")
        return ", ".join(expressions)

    def table(self, batch: pa.RecordBatch, lines: npt.NDArray[np.int64] | pa.Array) -> pa.Table:
        """Return the rows of a batch of `select` as they land."""
        count = batch.num_rows
        delivered = dict(zip(batch.schema.names, batch.columns, strict=True))
        exported_at = _naive(self.export.moment)
        deleted = self.export.columns.get("is_deleted")
        always_deleted = deleted is not None and deleted.value == "true"
        columns = {
            "_source": _same(self.export.system, count),
            "_instance": _same(self.export.instance, count),
            "_record_id": delivered["_record_id"],
            "_cursor": delivered.get("_cursor", _same(self._exported_at(), count)),
            "_is_deleted": delivered.get("_is_deleted", pa.array(np.full(count, always_deleted))),
            "_exported_at": pa.array(np.full(count, exported_at)),
            "_extracted_at": pa.array(np.full(count, _naive(self.extracted_at))),
            "_load_id": _same(self.load_id, count),
            "_export": _same(self.export.file, count),
            "_file": _same(self.file, count),
            "_line": pa.array(lines).cast(pa.int64()),
            "_undeclared": delivered["_undeclared"],
            "_stamps": self._stamps(delivered, count),
        }
        for field in ENTITIES[self.export.entity]:
            origin = self.export.columns.get(field)
            if origin is None:
                columns[field] = pa.nulls(count, pa.string())
            elif origin.column is None:
                columns[field] = _same(origin.value or "", count)
            else:
                columns[field] = delivered[column(self._at(origin.column))]
        return pa.table(columns)

    def row_text(self) -> str:
        """Return SQL that shows a landed row as JSON of the file's columns."""
        pairs = {"|".join(self.export.key): "_record_id"}
        for field, values in self.export.stamps.items():
            for value, name in values.items():
                pairs[name] = f"_stamps[{literal(f'{field}={value}')}]"
        for field, origin in self.export.columns.items():
            if origin.column is not None:
                pairs[origin.column] = field
        shown = ", ".join(f"{literal(name)}, {value}" for name, value in pairs.items())
        return f"json_merge_patch(json_object({shown}), _undeclared::json)::varchar"

    def _at(self, name: str | None) -> int:
        return self.names.index(name or "")

    def _has_column(self, field: str) -> bool:
        origin = self.export.columns.get(field)
        return origin is not None and origin.column is not None

    def _read(self) -> list[str]:
        """Columns of the file that land as they are."""
        fields = [one.column for one in self.export.columns.values() if one.column is not None]
        stamps = [name for values in self.export.stamps.values() for name in values.values()]
        return list(dict.fromkeys([*fields, *stamps]))

    def _exported_at(self) -> str:
        return iso_utc(self.export.moment)

    def _key(self) -> str:
        parts = [column(self._at(name)) for name in self.export.key]
        filled = " and ".join(f"trim({one}) <> ''" for one in parts)
        return f"case when {filled} then {' || chr(124) || '.join(parts)} end"

    def _undeclared(self) -> str:
        declared = {*self.export.key, *self._read()}
        pairs = [
            f"{literal(name)}, {column(at)}"
            for at, name in enumerate(self.names)
            if name not in declared
        ]
        return f"json_object({', '.join(pairs)})::varchar" if pairs else "'{}'"

    def _is_deleted(self) -> str:
        origin = self.export.columns["is_deleted"]
        value = column(self._at(origin.column))
        if origin.map is None:
            listed = ", ".join(literal(one) for one in _TRUE)
            return f"coalesce(lower(trim({value})) in ({listed}), false)"
        meaning = " ".join(
            f"when trim({value}) = {literal(given.strip())} then {str(meant == 'true').lower()}"
            for given, meant in origin.map.items()
        )
        other = str(self.export.other("is_deleted") == "true").lower()
        return f"case when {value} is null then false {meaning} else {other} end"

    def _stamps(self, delivered: dict[str, pa.Array], count: int) -> pa.MapArray:
        entries = [
            (f"{field}={value}", delivered[column(self._at(name))])
            for field, values in self.export.stamps.items()
            for value, name in values.items()
        ]
        if not entries:
            nothing = pa.nulls(0, pa.string())
            return pa.MapArray.from_arrays(np.zeros(count + 1, dtype=np.int32), nothing, nothing)
        by_row = np.arange(count * len(entries)).reshape(len(entries), count).T.ravel()
        values = pa.concat_arrays([dates for _, dates in entries]).take(pa.array(by_row))
        names = pa.array([name for name, _ in entries]).take(
            pa.array(np.tile(np.arange(len(entries)), count))
        )
        given = values.is_valid()
        sizes = given.to_numpy(zero_copy_only=False).reshape(count, len(entries)).sum(axis=1)
        offsets = np.concatenate(([0], np.cumsum(sizes))).astype(np.int32)
        return pa.MapArray.from_arrays(offsets, names.filter(given), values.filter(given))


def write_parquet(tables: Iterable[pa.Table], path: Path) -> int:
    """Write tables to one Parquet file, a row group each, and return the number of rows.

    Nothing is written if there are no tables.
    """
    rows = 0
    writer: pq.ParquetWriter | None = None
    try:
        for table in tables:
            if writer is None:
                writer = pq.ParquetWriter(
                    path,
                    table.schema,
                    compression="zstd",
                    compression_level=_COMPRESSION_LEVEL,
                    use_dictionary=list(_repeating(table)),
                    store_schema=False,
                    # Nobody looks for a text between two others: a fifth of the time of writing.
                    write_statistics=False,
                )
            writer.write_table(table, row_group_size=max(table.num_rows, 1))
            rows += table.num_rows
    finally:
        if writer is not None:
            writer.close()
    return rows


def _repeating(table: pa.Table) -> Iterator[str]:
    """Names of the columns that a dictionary makes smaller and quicker to write."""
    first = table.slice(0, _SAMPLE)
    for name in first.column_names:
        values = first[name]
        if pa.types.is_map(values.type):
            yield from (f"{name}.key_value.key", f"{name}.key_value.value")
        elif (
            pa.types.is_dictionary(values.type)
            or pc.count_distinct(values).as_py() * _REPEATS <= first.num_rows
        ):
            yield name


def _same(text: str, count: int) -> pa.DictionaryArray:
    places = pa.array(np.zeros(count, dtype=np.int8))
    return pa.DictionaryArray.from_arrays(places, pa.array([text], pa.string()))


def _naive(moment: datetime) -> np.datetime64:
    return np.datetime64(moment.replace(tzinfo=None), "us")
