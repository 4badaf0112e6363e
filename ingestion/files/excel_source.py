"""Spreadsheets: cells become the text that they show; ids keep no decimals, dates are ISO."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import TYPE_CHECKING, Any

import pandas as pd
import pyarrow as pa
from python_calamine import CalamineError, CalamineWorkbook

from ingestion.errors import TerminalError
from ingestion.files.source import Reading, checked_names, keep_malformed
from ingestion.files.sql import column

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import duckdb

    from ingestion.files.mapping import Export


class ExcelSource:
    """An opened sheet; it is held in memory. Raises TerminalError if it is refused as a whole."""

    def __init__(
        self, path: Path, export: Export, connection: duckdb.DuckDBPyConnection, scratch: Path
    ) -> None:
        del scratch
        self._connection = connection
        # calamine as pandas calls it cuts empty rows off, and with them the numbers of the rows.
        cells = pd.DataFrame(_cells(path, export.format.sheet), dtype=object).map(_text)
        filled = cells.index[(cells != "").any(axis=1)]
        if not len(filled):
            raise TerminalError(
                "the sheet is empty",
                where=str(path),
                mend="Name the right sheet under `format` in the mapping",
            )
        header = cells.loc[filled[0]]
        width = int((header != "").to_numpy().nonzero()[0][-1]) + 1
        self.names = checked_names(header.iloc[:width].tolist(), export, path)
        body = cells.loc[filled[1:]]
        beyond = (body.iloc[:, width:] != "").any(axis=1)
        self._malformed = body[beyond]
        records = body[~beyond].iloc[:, :width]
        records = records.where(~records.isin(export.format.nulls), None)
        self._table = pa.table(
            {"line": pa.array(records.index + 1, pa.int64())}
            | {column(at): pa.array(records.iloc[:, at], pa.string()) for at in range(width)}
        )

    def readings(self) -> Iterator[Reading]:
        """Yield the only reading. The line of a record is its row in the sheet."""
        texts = self._malformed.agg("\t".join, axis=1).tolist() if len(self._malformed) else []
        keep_malformed(self._connection, (self._malformed.index + 1).tolist(), texts)
        self._connection.register("sheet", self._table)
        yield Reading("sheet", holds=lambda _: True)


def _cells(path: Path, sheet: str | None) -> list[list[Any]]:
    try:
        with CalamineWorkbook.from_path(path) as book:
            if sheet is not None and sheet not in book.sheet_names:
                raise TerminalError(
                    f"has no sheet {sheet}",
                    where=str(path),
                    mend=f"Its sheets are {', '.join(book.sheet_names)}",
                )
            page = book.get_sheet_by_index(0) if sheet is None else book.get_sheet_by_name(sheet)
            return page.to_python(skip_empty_area=False)
    except (CalamineError, OSError) as error:
        raise TerminalError(
            f"cannot be read as a spreadsheet ({error})",
            where=str(path),
            mend="Save it again as .xlsx, without a password",
        ) from error


def _text(cell: Any) -> str:
    match cell:
        case None:
            text = ""
        case bool():
            text = str(cell).lower()
        case float() if cell.is_integer():
            text = str(int(cell))
        case datetime() if cell.time() == time.min:
            text = cell.date().isoformat()
        case datetime():
            text = cell.isoformat(sep=" ")
        case date() | time():
            text = cell.isoformat()
        case _:
            text = str(cell)
    return text
