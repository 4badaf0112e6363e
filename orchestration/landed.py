"""The landing as relations of a database in memory: what the entry check looks at."""

from __future__ import annotations

from typing import TYPE_CHECKING

import duckdb
from fsspec.core import url_to_fs

from ingestion.files.entities import ENTITIES, SYSTEM_COLUMNS

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from ingestion.landing import Landing, Manifest


def open_landing(
    landing: Landing, as_of: datetime | None = None, loads_until: datetime | None = None
) -> duckdb.DuckDBPyConnection:
    """Return a connection in memory with the landing's loads in use as relations.

    `raw_files.<entity>` for every entity of the registry (of a full export only the newest load: an
    older one is history that was let in before), `agreement.<table>`, `mapping.<table>`,
    `ops.loads`: one row per manifest of files, superseded ones left out, with `is_newest` within
    its export, and of the last two loads of a full export `rows_live`: records not marked deleted;
    and `ops.run_context`: one row, `as_of` (null if it is not given) and the agreement's version
    in force. `as_of` is aware and exclusive, as is `loads_until`, which cuts what is known.
    """
    connection = duckdb.connect(config={"autoinstall_known_extensions": False})
    connection.execute("set timezone = 'UTC'")
    if "://" in landing.url:
        connection.register_filesystem(url_to_fs(landing.url)[0])
    manifests = [
        one for one in landing.loads() if loads_until is None or one.extracted_at < loads_until
    ]
    for schema in ("raw_files", "agreement", "mapping", "ops"):
        connection.execute(f"create schema {schema}")
    for schema in ("agreement", "mapping"):
        of_schema = [one for one in manifests if one.source == schema]
        newest = {one.object: one for one in sorted(of_schema, key=lambda one: one.extracted_at)}
        for table, manifest in newest.items():
            _relate(connection, f"{schema}.{table}", landing.paths(manifest))
    files = [one for one in manifests if one.source == "files"]
    newest_exports = {_export(one): one.load_id for one in _by_export_time(files)}
    _create_loads(connection, files, newest_exports)
    for entity, fields in ENTITIES.items():
        looked_at = [
            one
            for one in files
            if one.object == entity
            and (one.kind != "full" or newest_exports[_export(one)] == one.load_id)
        ]
        paths = [path for one in looked_at for path in landing.paths(one)]
        columns = {**SYSTEM_COLUMNS, **dict.fromkeys(fields, "VARCHAR")}
        _relate(connection, f"raw_files.{entity}", paths, columns)
    _count_live(connection, landing, files)
    _create_run_context(connection, as_of)
    return connection


def _export(manifest: Manifest) -> tuple[str, str, str | None]:
    return manifest.instance, manifest.object, manifest.export


def _by_export_time(manifests: Iterable[Manifest]) -> list[Manifest]:
    return sorted(manifests, key=lambda one: (str(one.window_end), one.extracted_at))


def _relate(
    connection: duckdb.DuckDBPyConnection,
    name: str,
    paths: list[str],
    columns: dict[str, str] | None = None,
) -> None:
    if paths:
        # A view cannot be prepared with a bound list: the paths are quoted into it.
        listed = ", ".join("'" + path.replace("'", "''") + "'" for path in paths)
        query = f"select * from read_parquet([{listed}], union_by_name = true)"
    else:
        nulls = (f'cast(null as {kind}) as "{column}"' for column, kind in (columns or {}).items())
        query = f"select {', '.join(nulls)} where false"
    connection.execute(f"create view {name} as {query}")


def _create_loads(
    connection: duckdb.DuckDBPyConnection,
    manifests: list[Manifest],
    newest: dict[tuple[str, str, str | None], str],
) -> None:
    connection.execute(
        "create table ops.loads (load_id varchar, instance varchar, entity varchar, kind varchar,"
        " export varchar, file varchar, exported_at timestamptz, extracted_at timestamptz,"
        " rows_delivered bigint, rows_landed bigint, rows_set_aside bigint, rows_reported bigint,"
        " formats map(varchar, varchar), is_newest boolean, rows_live bigint)"
    )
    rows = [
        (
            one.load_id,
            one.instance,
            one.object,
            one.kind,
            one.export,
            one.file,
            one.window_end,
            one.extracted_at,
            one.rows_delivered,
            one.rows_landed,
            one.rows_set_aside,
            one.rows_reported,
            dict(one.formats),
            newest[_export(one)] == one.load_id,
        )
        for one in manifests
    ]
    if rows:
        connection.executemany(f"insert into ops.loads values ({', '.join('?' * 14)}, null)", rows)


def _count_live(
    connection: duckdb.DuckDBPyConnection, landing: Landing, manifests: list[Manifest]
) -> None:
    # Only where there is a load before to compare with: of a first one nothing is read.
    full: dict[tuple[str, str, str | None], list[Manifest]] = {}
    for one in _by_export_time(one for one in manifests if one.kind == "full"):
        full.setdefault(_export(one), []).append(one)
    for loads in full.values():
        for one in loads[-2:] if len(loads) > 1 else ():
            connection.execute(
                "update ops.loads set rows_live = ?"
                " where load_id = ? and instance = ? and entity = ?",
                [_live(connection, landing.paths(one)), one.load_id, one.instance, one.object],
            )


def _live(connection: duckdb.DuckDBPyConnection, paths: list[str]) -> int:
    if not paths:
        return 0
    # A record that came with several versions is one.
    found = connection.execute(
        "select count(distinct _record_id) from read_parquet(?)"
        " where not coalesce(_is_deleted, false)",
        [paths],
    ).fetchone()
    return int(found[0]) if found else 0


def _create_run_context(connection: duckdb.DuckDBPyConnection, as_of: datetime | None) -> None:
    # The same as dbt's ops.run_context, which is written only after what enters was looked at.
    connection.execute(
        "create table ops.run_context as"
        " with dated as ("
        "select asked, timezone(reporting_time_zone, asked - interval 1 microsecond)::date as day"
        " from (select ?::timestamptz as asked), mapping.data_sets)"
        " select asked as as_of, coalesce("
        "(select max(version) from agreement.versions where effective_from <= day),"
        " (select min(version) from agreement.versions)) as agreement_version from dated",
        [as_of],
    )
