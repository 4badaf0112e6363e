"""Rows that cannot land because of their key: none, the same row again, or a contradiction."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ingestion.files.formats import DEFAULT_FORMAT
from ingestion.files.sql import literal, memory_limit

if TYPE_CHECKING:
    import duckdb

# Columns that say where a row comes from, not what it says.
_ORIGIN = "_line, _exported_at, _extracted_at, _load_id, _export, _file"
_KEYS_IN_MEMORY = "200MB"
# In this order: HH:MM would be taken for months otherwise.
_PATTERN_OF_PART = {
    "HH:MM:SS": "%H:%M:%S",
    "HH:MM": "%H:%M",
    "YYYY": "%Y",
    "Mon": "%b",
    "MM": "%m",
    "DD": "%d",
}


def find_bad_rows(
    connection: duckdb.DuckDBPyConnection, rows: str, updated_at_format: str | None
) -> int:
    """Find the rows that are set aside and return how many.

    `rows` is SQL for the raw table; the format is that of its `updated_at`, None if the file has
    none. Creates the temporary table `bad_rows` with `line`, `record_id` and `reason`: `no key`;
    `repeat`, an exact same row again; `contradiction`, all rows of a key that say different
    things, unless one of them was updated later than all others.
    """
    connection.execute(
        "create or replace temp table bad_rows (line bigint, record_id varchar, reason varchar)"
    )
    # Unique keys are the rule, and a set of hashes is all that it takes to see them. With little
    # memory the set is spilled in parts: 16 million keys take 0.8 s and 280 MB, else 1.6 s, 750 MB.
    with memory_limit(connection, _KEYS_IN_MEMORY):
        counts = connection.execute(
            f"select count(*), count(_record_id), count(distinct hash(_record_id)) from {rows}"
        ).fetchone()
    total, keyed, distinct = counts or (0, 0, 0)
    if total != keyed:
        connection.execute(
            f"insert into bad_rows select _line, null, 'no key' from {rows} "
            "where _record_id is null"
        )
    if keyed != distinct:
        cursor = "null" if updated_at_format is None else _as_time("updated_at", updated_at_format)
        connection.execute(
            "create or replace temp table suspects as "
            f"select _line, _record_id, {cursor} as updated, "
            f"md5(to_json(struct_pack(*columns(* exclude ({_ORIGIN}))))::varchar) as content "
            f"from {rows} where _record_id in "
            f"(select _record_id from {rows} group by _record_id having count(*) > 1)"
        )
        connection.execute(_JUDGE)
    found = connection.execute("select count(*) from bad_rows").fetchone()
    return int(found[0]) if found else 0


_JUDGE = """
insert into bad_rows
with numbered as (
    select *, row_number() over (partition by _record_id, content order by _line) as copy
    from suspects
),
firsts as (
    select
        *,
        count(*) over (partition by _record_id) as versions,
        count(updated) over (partition by _record_id) as dated,
        max(updated) over (partition by _record_id) as latest
    from numbered
    where copy = 1
),
judged as (
    select
        *,
        count(*) filter (where updated = latest) over (partition by _record_id) as latest_ones
    from firsts
)
select _line, _record_id, 'repeat' from numbered where copy > 1
union all
select _line, _record_id, 'contradiction' from judged
where versions > 1 and (dated < versions or latest_ones > 1)
"""


def _as_time(value: str, name: str) -> str:
    """SQL: a text as something that sorts by time, null where it has another format."""
    if name == DEFAULT_FORMAT:
        return f"try_cast({value} as timestamptz)"
    if name.startswith("epoch"):
        return f"try_cast({value} as double)"
    pattern = name
    for part, directive in _PATTERN_OF_PART.items():
        pattern = pattern.replace(part, directive)
    return f"try_strptime({value}, {literal(pattern)})"
