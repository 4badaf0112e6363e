"""From a key of the marts back to the delivered rows: `make trace KEY=<key>`."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING, Any

from ingestion.errors import TerminalError
from ingestion.files.entities import ENTITIES
from orchestration.terminal import answer, as_table
from orchestration.warehouse import fetch, open_warehouse
from orchestration.workspace import Workspace, read_workspace

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import duckdb

_COLUMNS = ("entity", "file", "line", "load_id", "exported_at", "used", "problem")
_NEAR = 5

# A key names its rows, and so does the key of a record that went into a person or an account.
# Ids are unique within an entity only: one text may be the key of a person and of an opportunity.
_ROWS = """
    with asked as (
        select distinct key_kind, traced_key
        from quality.traced_rows
        where traced_key = $1 or record_key = $1
    )
    select r.*
    from quality.traced_rows as r
    inner join asked as a on r.key_kind = a.key_kind and r.traced_key = a.traced_key
    order by
        r.key_kind, r.traced_key, r.record_key,
        case when r.entity in ('persons', 'accounts', 'opportunities') then 0 else 1 end,
        r.entity, r.exported_at, r.file, r.line
"""


def trace(workspace: Workspace, key: str, *, with_values: bool = False) -> str:
    """Return the delivered rows behind a person, an account or an opportunity, record by record.

    `key` is that of a mart or of a record. A row that is not `used` was replaced by a later version
    of its record or can't be read, which `problem` says. `with_values` adds what was delivered in
    each row, personal values included. Raises TerminalError if the key is unknown, a run is in
    progress, or nothing is built yet.
    """
    with open_warehouse(workspace, "make trace") as connection:
        rows = fetch(connection, _ROWS, key.strip())
        if not rows:
            raise _unknown(connection, key.strip())
        return "\n".join(_told(connection, rows, with_values=with_values))


def _told(
    connection: duckdb.DuckDBPyConnection, rows: Sequence[dict[str, Any]], *, with_values: bool
) -> Iterator[str]:
    groups: dict[tuple[str, str, str], list[dict[str, Any]]] = {}
    for row in rows:
        name = row["key_kind"], row["traced_key"], row["record_key"]
        groups.setdefault(name, []).append(row)
    for (kind, traced, record), found in groups.items():
        yield f"{kind} {traced}: record {record}" if traced != record else f"{kind} {traced}"
        # A column of nothing says nothing.
        columns = [one for one in _COLUMNS if one != "problem" or any(row[one] for row in found)]
        cells = [
            [row["used"] if one == "used" else row[one] for one in columns]
            for row in ({**row, "used": "yes" if row["is_used"] else "no"} for row in found)
        ]
        lines = as_table(columns, [["" if cell is None else cell for cell in row] for row in cells])
        if not with_values:
            yield from (f"  {line}" for line in lines)
        else:
            yield from (f"  {line}" for line in lines[:2])
            for row, line in zip(found, lines[2:], strict=True):
                yield f"  {line}"
                yield from _values(connection, row)
        yield ""
    yield f"(rows: {len(rows)}, of loads: {len({row['load_id'] for row in rows})})"


def _values(connection: duckdb.DuckDBPyConnection, row: dict[str, Any]) -> Iterator[str]:
    """What was delivered in a row, under the canonical names; as it was where it was set aside."""
    place = (row["load_id"], row["line"])
    delivered = fetch(
        connection,
        f"select * from raw_files.{row['entity']} where _load_id = ? and _line = ?",
        *place,
    )
    for one in delivered:
        fields = ((name, one[name]) for name in ENTITIES[row["entity"]])
        yield from (f"      {name}: {value}" for name, value in fields if value is not None)
        if one["_undeclared"] not in (None, "{}"):
            yield f"      not declared: {one['_undeclared']}"
    if not delivered:
        set_aside = fetch(
            connection,
            "select row_text from ops.set_aside_rows where load_id = ? and line = ?",
            *place,
        )
        yield from (f"      as delivered: {one['row_text']}" for one in set_aside)


def _unknown(connection: duckdb.DuckDBPyConnection, key: str) -> TerminalError:
    near = fetch(
        connection,
        "select distinct record_key from quality.traced_rows"
        " where contains(lower(record_key), lower($1)) order by all limit $2",
        key,
        _NEAR,
    )
    mend = "Give a person_key, account_key or opportunity_key of the marts, or the key of a record"
    if key.startswith("placeholder/"):
        mend = f"It stands in for an opportunity: give {key.removeprefix('placeholder/')}"
    elif near and key:
        mend = f"Near it: {', '.join(row['record_key'] for row in near)}"
    return TerminalError("no delivered row has this key", where=key or "KEY", mend=mend)


def main(arguments: list[str] | None = None) -> int:
    """Print the rows; returns 2 with one line on standard error if that does not work."""
    parser = argparse.ArgumentParser(prog="orchestration.trace", description=__doc__)
    parser.add_argument("key", help="key of a person, account, opportunity or record")
    parser.add_argument("--values", action="store_true", help="what was delivered in each row")
    options = parser.parse_args(arguments)
    return answer(lambda: (trace(read_workspace(), options.key, with_values=options.values), 0))


if __name__ == "__main__":
    sys.exit(main())
