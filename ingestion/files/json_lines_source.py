"""JSON lines: one object per line; nested values stay JSON text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ingestion.errors import TerminalError
from ingestion.files.decoding import as_utf8, refuse_wrong_bytes
from ingestion.files.physical_lines import count_lines
from ingestion.files.source import MALFORMED, Reading, checked_names
from ingestion.files.sql import column, literal

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import duckdb

    from ingestion.files.mapping import Export

_CHUNK = 1 << 20
_LONGEST_LINE = 16_000_000


class JsonLinesSource:
    """An opened file of JSON lines. Raises TerminalError if it is refused as a whole."""

    def __init__(
        self, path: Path, export: Export, connection: duckdb.DuckDBPyConnection, scratch: Path
    ) -> None:
        self._path = path
        self._connection = connection
        self._nulls = export.format.nulls
        plain = as_utf8(path, export.format.encoding, scratch)
        refuse_wrong_bytes(plain, "utf-8")
        lines = _without_returns(plain, scratch / "lines.txt")
        self._line_count = count_lines(lines).lines
        # JSON holds no raw control characters, so this delimiter never splits a line.
        connection.execute(
            f"create or replace temp view numbered_lines as select row_number() over () as line, "
            f"trim(text) as text from read_csv({literal(str(lines))}, auto_detect = false, "
            "header = false, columns = {'text': 'VARCHAR'}, delim = chr(2), quote = '', "
            f"escape = '', max_line_size = {_LONGEST_LINE}, strict_mode = false, "
            "compression = 'none')"
        )
        connection.execute(
            "create or replace temp view objects as select * from numbered_lines "
            "where case when json_valid(text) then json_type(text) = 'OBJECT' end"
        )
        keys = connection.execute(
            "select key from (select unnest(json_keys(text)) as key, line from objects) "
            "group by key order by min(line), key"
        ).fetchall()
        if not keys:
            raise TerminalError(
                "has no line with a JSON object",
                where=str(path),
                mend="Export it again as JSON lines: one {…} on each line",
            )
        self._keys = [str(key) for (key,) in keys]
        self.names = checked_names(self._keys, export, path)

    def readings(self) -> Iterator[Reading]:
        """Yield the only reading."""
        self._connection.execute(
            f"create or replace temp table {MALFORMED} as select line, text as row_text "
            "from numbered_lines where text <> '' and "
            "not coalesce(case when json_valid(text) then json_type(text) = 'OBJECT' end, false)"
        )
        texts = ", ".join(f"{self._text(key)} as {column(at)}" for at, key in enumerate(self._keys))
        yield Reading(f"(select line, {texts} from objects)", holds=self._is_every_line_read)

    def _is_every_line_read(self, records: int) -> bool:
        counts = self._connection.execute("select count(*) from numbered_lines").fetchone()
        return counts == (self._line_count,)

    def _text(self, key: str) -> str:
        pointer = "/" + key.replace("~", "~0").replace("/", "~1")
        value = f"json_extract_string(text, {literal(pointer)})"
        nulls = ", ".join(literal(one) for one in self._nulls)
        return f"case when {value} not in ({nulls}) then {value} end" if nulls else value


def _without_returns(path: Path, copy: Path) -> Path:
    """Copy a file with blanks for carriage returns: between JSON values they mean the same."""
    with path.open("rb") as given, copy.open("wb") as plain:
        while chunk := given.read(_CHUNK):
            plain.write(chunk.replace(b"\r", b" "))
    return copy
