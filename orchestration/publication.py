"""Publications: what BI reads. Written whole or not at all, switched in one step."""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from time import monotonic
from typing import TYPE_CHECKING, Any

import duckdb

from ingestion.errors import TerminalError
from orchestration import progress
from orchestration.disk import sync as _sync

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

CURRENT = "current"
DATABASE = "funnel.duckdb"
MANIFEST = "manifest.json"
KEPT = 5

# Beside the marts: what a reader needs to judge them. Quarantined rows hold values of persons.
_QUALITY = (
    "findings", "layer_counts", "person_links", "reconciliation", "source_freshness",
)  # fmt: skip

# What was signed, every version: a report and whoever reads it know what a figure is held against.
AGREEMENT = "agreement"

# One row per hand-off and rule that it breaks: key, rule, severity, description, what was found.
HANDOFF_FINDINGS = "quality.handoff_findings"

# The only place of personal values; published only if the agreement says so.
_PERSONAL = ("dim_person_details",)

# A draft begins with this, so that nobody takes it for a publication.
_DRAFT = ".draft-"


@dataclass(frozen=True)
class PublishedTable:
    """Rows of a table and a digest of its content that does not depend on their order."""

    rows: int
    digest: str


@dataclass(frozen=True, kw_only=True)
class Publication:
    """One publication; `manifest.json` has the same keys in the same order.

    `as_of` (exclusive), `loads_until` and `created_at` are ISO text in UTC. `tables` are named
    `<schema>.<table>`. `is_beside` says that `current` was not switched to it. `alert_contact` is
    whom the agreement wants told; publications from before there were alerts name nobody.
    """

    run: str
    run_id: str
    data_set: str
    as_of: str
    as_of_date: str
    loads_until: str | None
    created_at: str
    agreement_version: int
    is_beside: bool
    engine: str
    alert_contact: str = ""
    tables: dict[str, PublishedTable] = field(default_factory=dict)

    def to_json(self) -> str:
        """Return the text of `manifest.json`."""
        return json.dumps(asdict(self), indent=1) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Publication:
        """Read the text of a `manifest.json`. Raises ValueError, TypeError or KeyError."""
        values: dict[str, Any] = json.loads(text)
        tables = {name: PublishedTable(**one) for name, one in values.pop("tables").items()}
        return cls(**values, tables=tables)


def publish(
    warehouse: Path,
    published: Path,
    run_id: str,
    *,
    is_beside: bool = False,
    handoff_findings: Path | None = None,
) -> Publication:
    """Write `<published>/<run>/` from a warehouse that nobody writes to, and switch to it.

    `handoff_findings` is the Parquet file of what the gate found, hand-off by hand-off.
    What the run is about (as_of, loads, agreement) is read from `ops.run_context`. The folder is
    complete and on the disk before it gets its name; then `current` is replaced in one step, unless
    the run was built beside. Open readers keep what they opened; the last five publications stay,
    and always the current one. Leftovers of a run that died are removed. Only the holder of the
    run lock may call this.
    Raises TerminalError if the warehouse has no marts.
    """
    published.mkdir(parents=True, exist_ok=True)
    _clean(published)
    created_at = datetime.now(UTC)
    run = f"{created_at:%Y%m%dT%H%M%S%f}Z-{run_id[:8]}"
    draft = published / f"{_DRAFT}{run}"
    draft.mkdir()
    stamp = {"run": run, "run_id": run_id, "created_at": _iso(created_at), "is_beside": is_beside}
    publication = _write(warehouse, draft, stamp, handoff_findings)
    (draft / MANIFEST).write_text(publication.to_json())
    for path in _files(draft):
        path.chmod(0o444)
        _sync(path)
    for folder in {path.parent for path in _files(draft)}:
        _sync(folder)
    draft.rename(published / run)
    _sync(published)
    if not is_beside:
        _switch(published, run)
    _retire(published)
    return publication


def drop_former(published: Path, run: str) -> int:
    """Remove all publications but one, which has to be served; return how many there were.

    Readers that are open keep what they opened. Only the holder of the run lock may call this.
    """
    former = [
        path
        for path in sorted(published.iterdir())
        if path.is_dir() and not path.is_symlink() and path.name != run
    ]
    for path in former:
        _remove(path)
    return len(former)


def current_publication(published: Path) -> Publication | None:
    """Return the publication that is served, or None if there is none yet.

    Raises TerminalError if its manifest is damaged.
    """
    path = published / CURRENT / MANIFEST
    try:
        text = path.read_text()
    except FileNotFoundError:
        return None
    try:
        return Publication.from_json(text)
    except (ValueError, TypeError, KeyError) as error:
        raise TerminalError(
            f"the manifest of the current publication is damaged ({error})",
            where=str(path),
            mend="Remove that folder and the link `current`, then run again",
        ) from error


def replaces(
    current: Publication | None, as_of: datetime, loads_until: datetime | None = None
) -> bool:
    """Whether a run for this `as_of` (aware) may replace the current publication.

    One that looks at an earlier instant, or knows less than the current one does, may not.
    """
    if current is None:
        return True
    if as_of < datetime.fromisoformat(current.as_of):
        return False
    return (
        loads_until is None
        or current.loads_until is None
        or loads_until > datetime.fromisoformat(current.loads_until)
    )


def differences(
    before: Mapping[str, PublishedTable], after: Mapping[str, PublishedTable]
) -> list[str]:
    """Return the names of the tables that are not equal in two publications, sorted."""
    return sorted(
        name for name in before.keys() | after.keys() if before.get(name) != after.get(name)
    )


def _write(
    warehouse: Path, draft: Path, stamp: dict[str, Any], handoff_findings: Path | None
) -> Publication:
    # From a database in memory, so that the warehouse is attached for reading only.
    with duckdb.connect(config={"autoinstall_known_extensions": False}) as connection:
        connection.execute("set timezone = 'UTC'")
        connection.execute(f"attach {_quoted(warehouse)} as warehouse (read_only)")
        connection.execute(f"attach {_quoted(draft / DATABASE)} as draft")
        context = _context(connection, warehouse)
        tables = {
            f"{schema}.{table}": _copy(
                connection, draft, schema, table, f'warehouse.{schema}."{table}"'
            )
            for schema, table in _published_tables(connection, context["agreement_version"])
        }
        if not any(name.startswith("marts.") for name in tables):
            raise TerminalError(
                "the warehouse has no marts", where=str(warehouse), mend="Run the dbt models first"
            )
        if handoff_findings:
            source = f"read_parquet({_quoted(handoff_findings)})"
            schema, table = HANDOFF_FINDINGS.split(".")
            tables[HANDOFF_FINDINGS] = _copy(connection, draft, schema, table, source)
        connection.execute("detach draft")
        engine = connection.execute("select version()").fetchone()
        contact = connection.execute(
            "select max(alert_contact) from warehouse.agreement.settings where version = ?",
            [context["agreement_version"]],
        ).fetchone()
    return Publication(
        **stamp,
        data_set=context["data_set"],
        as_of=_iso(context["as_of"]),
        as_of_date=str(context["as_of_date"]),
        loads_until=None if context["loads_until"] is None else _iso(context["loads_until"]),
        agreement_version=context["agreement_version"],
        engine=f"DuckDB {engine[0] if engine else ''}",
        alert_contact=contact[0] or "" if contact else "",
        tables=tables,
    )


def _context(connection: duckdb.DuckDBPyConnection, warehouse: Path) -> dict[str, Any]:
    found = connection.execute("select * from warehouse.ops.run_context")
    columns = [column[0] for column in found.description or []]
    row = found.fetchone()
    if row is None:
        raise TerminalError(
            "ops.run_context has no row", where=str(warehouse), mend="Run the dbt models first"
        )
    return dict(zip(columns, row, strict=True))


def _published_tables(
    connection: duckdb.DuckDBPyConnection, agreement_version: int
) -> list[tuple[str, str]]:
    details = connection.execute(
        "select bool_or(publish_personal_details) from warehouse.agreement.settings"
        " where version = ?",
        [agreement_version],
    ).fetchone()
    withheld = () if details and details[0] else _PERSONAL
    found = connection.execute(
        "select schema_name, table_name from duckdb_tables() where database_name = 'warehouse'"
        " union all"
        " select schema_name, view_name from duckdb_views() where database_name = 'warehouse'"
        " order by all"
    ).fetchall()
    return [
        (schema, table)
        for schema, table in found
        if schema == AGREEMENT
        or (schema == "marts" and table not in withheld)
        or (schema == "quality" and table in _QUALITY)
    ]


def _copy(
    connection: duckdb.DuckDBPyConnection, draft: Path, schema: str, table: str, source: str
) -> PublishedTable:
    start = monotonic()
    target = f'draft.{schema}."{table}"'
    with progress.still("publish", f"{schema}.{table}"):
        connection.execute(f"create schema if not exists draft.{schema}")
        connection.execute(f"create table {target} as select * from {source}")
        _describe(connection, schema, table)
        parquet = draft / schema / f"{table}.parquet"
        parquet.parent.mkdir(exist_ok=True)
        connection.execute(f"copy {target} to {_quoted(parquet)} (format parquet, codec zstd)")
        published = _digest(connection, target)
    if (seconds := monotonic() - start) >= 1:
        progress.say("publish", f"{schema}.{table}", rows=published.rows, seconds=seconds)
    return published


def _describe(connection: duckdb.DuckDBPyConnection, schema: str, table: str) -> None:
    """Carry the comments of a table and its columns over, where the warehouse has them."""
    name = f'draft.{schema}."{table}"'
    of_table = connection.execute(
        "select comment from duckdb_tables() where database_name = 'warehouse'"
        " and schema_name = ? and table_name = ? and comment is not null",
        [schema, table],
    ).fetchone()
    if of_table:
        connection.execute(f"comment on table {name} is {_quoted(of_table[0])}")
    of_columns = connection.execute(
        "select column_name, comment from duckdb_columns() where database_name = 'warehouse'"
        " and schema_name = ? and table_name = ? and comment is not null",
        [schema, table],
    ).fetchall()
    for column, comment in of_columns:
        connection.execute(f'comment on column {name}."{column}" is {_quoted(comment)}')


def _digest(connection: duckdb.DuckDBPyConnection, name: str) -> PublishedTable:
    """Sum of the rows' MD5 halves beside the columns: the same in any order of the rows.

    Floats count with 12 significant digits and 6 decimals: the last bits of a sum depend on the
    order in which threads add up.
    """
    columns = connection.execute(f"describe {name}").fetchall()
    values = ", ".join(
        f"format('{{:.11e}}', round(\"{column}\", 6) + 0)"
        if kind in {"DOUBLE", "FLOAT"}
        else f'"{column}"'
        for column, kind, *_ in columns
    )
    found = connection.execute(
        "select count(*), sum(md5_number_lower(content)::hugeint),"
        " sum(md5_number_upper(content)::hugeint)"
        f" from (select json_array({values})::varchar as content from {name})"
    ).fetchone()
    rows, *sums = found or (0, None, None)
    declared = connection.execute(
        "select md5(?)", [repr([(column, kind) for column, kind, *_ in columns])]
    ).fetchone()
    content = connection.execute("select md5(?)", [f"{declared}{rows}{sums}"]).fetchone()
    return PublishedTable(rows=rows, digest=content[0] if content else "")


def _switch(published: Path, run: str) -> None:
    link = published / f"{_DRAFT}{CURRENT}"
    link.symlink_to(run)
    link.replace(published / CURRENT)
    _sync(published)


def _clean(published: Path) -> None:
    for left_over in published.glob(f"{_DRAFT}*"):
        if left_over.is_symlink():
            left_over.unlink()
        else:
            shutil.rmtree(left_over)


def _retire(published: Path) -> None:
    served = (published / CURRENT).resolve()
    # The name begins with the time of creation.
    runs = sorted(path for path in published.iterdir() if (path / MANIFEST).is_file())
    whole = [path for path in runs if not path.is_symlink()]
    for path in whole[:-KEPT]:
        if path.resolve() != served:
            _remove(path)


def _remove(path: Path) -> None:
    # Renamed first: a crash half-way through leaves a draft, which the next run removes.
    draft = path if path.name.startswith(_DRAFT) else path.with_name(f"{_DRAFT}{path.name}")
    shutil.rmtree(path if path == draft else path.rename(draft))


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if path.is_file())


def _iso(moment: datetime) -> str:
    aware = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    return aware.isoformat().replace("+00:00", "Z")


def _quoted(value: object) -> str:
    return "'" + str(value).replace("'", "''") + "'"
