"""The activities of a download as one Parquet file a type, with the attributes as columns."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ingestion.connectors.errors import UnreadableAnswerError
from ingestion.connectors.marketo.extraction import ACTIVITY_COLUMNS
from ingestion.files.physical_lines import count_lines
from ingestion.files.sql import file_literal, literal, literals, reading_connection

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    import duckdb

    from ingestion.connectors.download import Download

# What all types have; the text of their attributes is spread.
_SHARED = ACTIVITY_COLUMNS[:-1]
# Marketo's own text for nothing, in bulk extracts and in what they are divided into.
_NULL = "null"
# What a row that is none still tells of its type: the three values before hold no comma.
_TYPE_ID = '^[^,]*,[^,]*,[^,]*,"?([0-9]+)'
_NO_NULLS = "\ue000no null\ue000"  # a text that no file holds: DuckDB takes "" for null otherwise

_IS_SOUND = (
    "(case when json_valid(attributes) then json_type(attributes) in ('OBJECT', 'NULL') "
    "else attributes = '' end)"
)


@dataclass(frozen=True)
class Division:
    """Files by the stems of their types, and how many rows each has.

    `malformed` holds the rows that are none, of types that have any: `line`, numbered behind the
    sound rows of the type, and `row_text`, as it was delivered. One that tells no type that was
    asked for counts as one of the first. `rows` counts both kinds.
    """

    files: Mapping[str, Path]
    rows: Mapping[str, int]
    malformed: Mapping[str, Path]


def divide(download: Download) -> Division:
    """Divide a whole download of activities, in a folder of it; a former division is replaced.

    All is text, as delivered; numbers and flags of attributes are the text that JSON has for their
    value. An attribute that an activity lacks is `null`, as are values that Marketo has not. Behind
    the attributes that were described come those that were found besides. A type without rows is a
    file without rows. Raises UnreadableAnswerError if the rows are not as many as Marketo told.
    """
    folder, draft = download.folder / "types", download.folder / "types.draft"
    for old in (folder, draft):
        shutil.rmtree(old, ignore_errors=True)
    draft.mkdir()
    with reading_connection(draft) as connection:
        types = download.asked["types"]
        _read(connection, download, draft)
        found = _attributes(connection)
        rows = {
            one["stem"]: _write(
                connection, one, found.get(str(one["id"]), ()), draft / _file(one["stem"])
            )
            for one in types
        }
        malformed = _write_malformed(connection, rows, draft)
    told = {stem: count + malformed.get(stem, 0) for stem, count in rows.items()}
    _check(download, sum(told.values()))
    shutil.rmtree(draft / "spill", ignore_errors=True)
    draft.rename(folder)
    return Division(
        files={stem: folder / _file(stem) for stem in rows},
        rows=told,
        malformed={stem: folder / _file(stem, "malformed") for stem in malformed},
    )


def _read(connection: duckdb.DuckDBPyConnection, download: Download, scratch: Path) -> None:
    """Make the view `activities` and the table `malformed`: stem, row_text."""
    columns = ", ".join(f"{literal(name)}: 'VARCHAR'" for name in ACTIVITY_COLUMNS)
    types = download.asked["types"]
    # In one thread where a value holds line ends, or a row is none.
    is_parallel = count_lines(download.path).lines == download.rows + 1
    # Asked of each row once: the files of 20 types ask all rows for theirs (a million made-up rows:
    # 1.1 CPU seconds, 0.2 where it is stored).
    connection.execute(
        f"create table delivered as select *, {_IS_SOUND} as is_sound "
        f"from read_csv({file_literal(download.path, scratch)}, "
        f"auto_detect = false, header = true, columns = {{{columns}}}, delim = ',', quote = '\"', "
        f"escape = '\"', nullstr = {literal(_NO_NULLS)}, store_rejects = true, "
        f"rejects_table = 'rejects', parallel = {str(is_parallel).lower()})"
    )
    stems = " ".join(f"when {literal(str(one['id']))} then {literal(one['stem'])}" for one in types)
    connection.execute(
        "create table malformed as with found as ("
        "select rtrim(csv_line, chr(10)) as row_text from rejects "
        "qualify row_number() over (partition by line_byte_position order by byte_position) = 1 "
        f"union all select concat_ws(',', {', '.join(map(_quoted, ACTIVITY_COLUMNS))}) "
        "from delivered where not is_sound) "
        f"select case regexp_extract(row_text, {literal(_TYPE_ID)}, 1) {stems} "
        f"else {literal(types[0]['stem'])} end as stem, row_text from found"
    )
    connection.execute(
        "create view activities as select * exclude (is_sound) "
        "replace (nullif(attributes, '') as attributes) from delivered where is_sound"
    )


def _write_malformed(
    connection: duckdb.DuckDBPyConnection, rows: Mapping[str, int], folder: Path
) -> dict[str, int]:
    """Write the files of those that are no rows, and return how many each type has."""
    found = connection.execute("select stem, count(*) from malformed group by stem").fetchall()
    for stem, _ in found:
        connection.execute(
            f"copy (select {rows[stem]} + row_number() over () as line, row_text from malformed "
            f"where stem = {literal(stem)}) to {literal(str(folder / _file(stem, 'malformed')))} "
            "(format parquet)"
        )
    return {str(stem): int(count) for stem, count in found}


def _attributes(connection: duckdb.DuckDBPyConnection) -> dict[str, list[str]]:
    """The names of the attributes that came, by the id of their type."""
    rows = connection.execute(
        "select distinct activityTypeId, unnest(json_keys(attributes)) as name "
        "from activities order by name"
    ).fetchall()
    found: dict[str, list[str]] = {}
    for type_id, name in rows:
        found.setdefault(str(type_id), []).append(name)
    return found


def _write(
    connection: duckdb.DuckDBPyConnection,
    type_: Mapping[str, Any],
    found: Iterable[str],
    path: Path,
) -> int:
    """Write the file of a type and return how many rows it has."""
    of_type = f"from activities where activityTypeId = {literal(str(type_['id']))}"
    names = list(dict.fromkeys([*type_["attributes"], *found]))
    # One reading of the JSON for all of them.
    values = f"json_extract_string(attributes, {literals(map(_pointer, names))})"
    spread = [
        f"coalesce(found[{at}], {literal(_NULL)}) as {_quoted(name)}"
        for at, name in enumerate(names, start=1)
    ]
    chosen = ", ".join([*map(_quoted, _SHARED), *spread])
    source = f"(select *, {values if names else 'null'} as found {of_type})"
    return _count(
        connection,
        f"copy (select {chosen} from {source}) to {literal(str(path))} "
        "(format parquet, compression uncompressed)",
    )


def _file(stem: str, kind: str = "rows") -> str:
    return f"{stem}.{kind}.parquet"


def _check(download: Download, found: int) -> None:
    if found != download.rows:
        raise UnreadableAnswerError(
            f"{found:,} rows were read of the {download.rows:,} that Marketo tells of",
            where=f"Marketo: {download.path}",
            mend="Remove the folder, so that all is fetched anew; if it goes on, an open quote"
            " hides rows or a type came that was not asked for",
        )


def _count(connection: duckdb.DuckDBPyConnection, query: str) -> int:
    row = connection.execute(query).fetchone()
    return int(row[0]) if row else 0


def _pointer(name: str) -> str:
    """An attribute as a JSON pointer: its name may hold what a path would take for a mark."""
    return "/" + name.replace("~", "~0").replace("/", "~1")


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
