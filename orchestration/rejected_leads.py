"""What marketing gets back, as a delta that its automation system can load: `make export`."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
import shutil
import sys
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from ingestion.errors import TerminalError
from orchestration.disk import sync
from orchestration.lock import hold_lock
from orchestration.publication import DATABASE, MANIFEST, current_publication
from orchestration.terminal import answer
from orchestration.workspace import PREFIX, read_workspace

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from orchestration.workspace import Workspace

NAME = "rejected_leads"
SOURCES = f"{PREFIX}AUTOMATION_SOURCES"

DELTA = "delta"
ALL = "all.parquet"

# A month of days: whoever missed more begins anew from `all.parquet`.
KEPT = 31

_DRAFT = ".draft-"

# A row is known again by these.
KEY = ("source", "instance", "record_id", "handoff_key")
VALUES = (
    "decision", "decided_at", "reason", "reason_label", "quality_rating", "missing_fields",
    "what_next",
)  # fmt: skip
COLUMNS = (*KEY, *VALUES, "changed_at")
DELTA_COLUMNS = ("change", *COLUMNS)

Key = tuple[str, ...]
Row = dict[str, str | None]

_TABLES = ("dim_person_records", "dim_persons", "dim_stages", "rpt_rejected_leads")

# Whoever was erased is told of to nobody, and a deleted record can take no value.
_ROWS = """
    select
        d.source, d.instance, d.record_id, r.handoff_key,
        r.decision, r.decided_at, r.reason, r.reason_label, r.quality_rating, r.missing_fields,
        r.what_next
    from marts.rpt_rejected_leads as r
    inner join marts.dim_person_records as d on r.person_key = d.person_key
    inner join marts.dim_persons as p on r.person_key = p.person_key
    where not d.is_deleted and not coalesce(p.is_erased, false) and list_contains(?, d.source)
    order by d.source, d.instance, d.record_id, r.handoff_key
"""


@dataclass(frozen=True, kw_only=True)
class Export:
    """One export; `manifest.json` has the same keys in the same order.

    `run` is the publication that it was made from and the name of its folder, `former` the export
    that the delta begins from, None for the first one. `as_of` is ISO text in UTC. `rows` counts
    new, changed and withdrawn ones of the delta, and all that stand; `digests` are the SHA-256 of
    the files.
    """

    run: str
    former: str | None
    data_set: str
    as_of: str
    agreement_version: int
    sources: list[str]
    rows: dict[str, int]
    digests: dict[str, str] = field(default_factory=dict)

    def to_json(self) -> str:
        """Return the text of `manifest.json`."""
        return json.dumps(asdict(self), indent=1) + "\n"


def export(workspace: Workspace) -> Export:
    """Export the rejected leads of the current publication; nothing is written twice.

    Writes `exported/rejected_leads/<run>/` with `delta.csv`, `delta.parquet`, `all.parquet` and
    the manifest: a draft until all of it is on the disk, then moved to its name in one step. Made
    again from the same publication and the same former export, every file is equal byte by byte.
    Only the holder of the run lock may call this.
    Raises TerminalError if nothing is published, the publication is of an earlier version, an
    export is damaged, or a system is asked for that has no record.
    """
    publication = current_publication(workspace.published)
    if publication is None:
        raise TerminalError(
            "nothing is published yet", where=str(workspace.published), mend="Call `make run`"
        )
    folder = workspace.exported / NAME
    _sweep(folder)
    if (made := read_export(folder / publication.run)) is not None:
        return made
    systems, rows = _read(workspace.published / publication.run / DATABASE)
    former = max((one for one in exports(folder) if one < publication.run), default=None)
    before = _read_all(folder / former / ALL) if former else {}
    standing, delta = compare(before, rows, publication.as_of)
    changes = [row["change"] for row in delta]
    made = _write(
        folder,
        Export(
            run=publication.run,
            former=former,
            data_set=publication.data_set,
            as_of=publication.as_of,
            agreement_version=publication.agreement_version,
            sources=systems,
            rows={
                **{one: changes.count(one) for one in ("new", "changed", "withdrawn")},
                "all": len(standing),
            },
        ),
        delta,
        standing,
    )
    _retire(folder)
    return made


def exports(folder: Path) -> list[str]:
    """Return the names of the exports in a folder, the oldest first."""
    # The name begins with the time at which its publication was created.
    return sorted(path.parent.name for path in folder.glob(f"[!.]*/{MANIFEST}"))


def read_export(folder: Path) -> Export | None:
    """Return the export in a folder, None if there is none. Raises TerminalError if damaged."""
    path = folder / MANIFEST
    try:
        return Export(**json.loads(path.read_text()))
    except FileNotFoundError:
        return None
    except (ValueError, TypeError) as error:
        raise TerminalError(
            f"the manifest of the export is damaged ({error})",
            where=str(path),
            mend="Remove that folder and export again",
        ) from error


def compare(
    before: Mapping[Key, Row], rows: Iterable[Row], as_of: str
) -> tuple[list[Row], list[Row]]:
    """Return the rows that stand now, and the delta: what is new, changed or withdrawn.

    `before` are the rows of the former export by their key. A row's `changed_at` is the as_of of
    the publication that first told it as it is. A withdrawn row, of a lead that was accepted after
    all or of a record that is gone, has its key and no values. Both lists are in order of the key.
    """
    standing: list[Row] = []
    delta: list[Row] = []
    for row in rows:
        former = before.get(_key(row))
        if former is not None and all(row[one] == former[one] for one in VALUES):
            standing.append({**row, "changed_at": former["changed_at"]})
            continue
        standing.append({**row, "changed_at": as_of})
        delta.append({"change": "changed" if former else "new", **standing[-1]})
    kept = {_key(row) for row in standing}
    delta.extend(
        {
            "change": "withdrawn",
            **dict(zip(KEY, key, strict=True)),
            **dict.fromkeys(VALUES),
            "changed_at": as_of,
        }
        for key in before
        if key not in kept
    )
    return sorted(standing, key=_key), sorted(delta, key=_key)


def automation_sources(known: Iterable[str], authorities: Iterable[str]) -> list[str]:
    """Return the systems that get their leads back, sorted.

    `known` have records of persons, `authorities` are those that the agreement in force lets move
    a pass back. What has no say over a stage is where marketing works; where every system has a
    say (one system for both teams), all of them are. UNIFIED_FUNNEL_AUTOMATION_SOURCES, separated
    by commas, decides otherwise. Raises TerminalError if it names a system without records.
    """
    systems = set(known)
    named = {one.strip() for one in os.environ.get(SOURCES, "").split(",") if one.strip()}
    if strangers := named - systems:
        raise TerminalError(
            f"no record of a person is from {', '.join(sorted(strangers))}",
            where=SOURCES,
            mend=f"Name some of: {', '.join(sorted(systems))}",
        )
    return sorted(named or systems - set(authorities) or systems)


def _read(database: Path) -> tuple[list[str], list[Row]]:
    with duckdb.connect(str(database), read_only=True) as connection:
        there = {
            name
            for (name,) in connection.execute(
                "select table_name from duckdb_tables() where schema_name = 'marts'"
            ).fetchall()
        }
        if missing := sorted(set(_TABLES) - there):
            raise TerminalError(
                f"the publication has no {', '.join(missing)}: it is of an earlier version",
                where=str(database),
                mend="Call `make run`, then export again",
            )
        systems = automation_sources(
            _column(connection, "select distinct source from marts.dim_person_records"),
            _column(
                connection,
                "select distinct authority from marts.dim_stages"
                " where is_in_force and authority is not null",
            ),
        )
        found = connection.execute(_ROWS, [systems]).fetchall()
    return systems, [
        dict(zip((*KEY, *VALUES), map(_text, values), strict=True)) for values in found
    ]


def _column(connection: duckdb.DuckDBPyConnection, query: str) -> list[str]:
    return [value for (value,) in connection.execute(query).fetchall()]


def _text(value: Any) -> str | None:
    if isinstance(value, datetime):
        return value.replace(tzinfo=UTC).isoformat().replace("+00:00", "Z")
    return None if value is None else str(value)


def _key(row: Row) -> Key:
    return tuple(str(row[one]) for one in KEY)


def _read_all(path: Path) -> dict[Key, Row]:
    try:
        rows: list[Row] = pq.read_table(path, columns=list(COLUMNS)).to_pylist()
    except (OSError, ValueError, KeyError) as error:
        raise TerminalError(
            f"the former export is damaged ({type(error).__name__})",
            where=str(path),
            mend="Remove its folder: the delta then begins from the export before",
        ) from error
    return {_key(row): row for row in rows}


def _write(folder: Path, made: Export, delta: list[Row], standing: list[Row]) -> Export:
    draft = folder / f"{_DRAFT}{made.run}"
    draft.mkdir(parents=True)
    (draft / f"{DELTA}.csv").write_text(_csv(delta), encoding="utf-8", newline="")
    _write_parquet(draft / f"{DELTA}.parquet", delta, DELTA_COLUMNS)
    _write_parquet(draft / ALL, standing, COLUMNS)
    digests = {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(draft.iterdir())
    }
    made = Export(**{**asdict(made), "digests": digests})
    (draft / MANIFEST).write_text(made.to_json())
    for path in draft.iterdir():
        path.chmod(0o444)
        sync(path)
    sync(draft)
    draft.rename(folder / made.run)
    sync(folder)
    return made


def _csv(rows: list[Row]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, DELTA_COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def _write_parquet(path: Path, rows: list[Row], columns: Sequence[str]) -> None:
    table = pa.Table.from_pylist(rows, schema=pa.schema([(one, pa.string()) for one in columns]))
    # All that decides on bytes is said here, so that a default of the library changes none.
    pq.write_table(
        table,
        path,
        version="2.6",
        data_page_version="1.0",
        compression="zstd",
        row_group_size=2**20,
    )


def _sweep(folder: Path) -> None:
    for left_over in folder.glob(f"{_DRAFT}*"):
        shutil.rmtree(left_over)


def _retire(folder: Path) -> None:
    for name in exports(folder)[:-KEPT]:
        # Renamed first: a crash half-way through leaves a draft.
        shutil.rmtree((folder / name).rename(folder / f"{_DRAFT}{name}"))


def describe(workspace: Workspace, made: Export) -> str:
    """Return what an export holds, in two lines; the last one names the folder."""
    told = ", ".join(f"{made.rows[one]:,} {one}" for one in ("new", "changed", "withdrawn"))
    since = f"since {made.former}" if made.former else "the first export"
    return (
        f"rejected leads for {', '.join(made.sources) or 'no system'}: {told};"
        f" {made.rows['all']:,} in all ({since})\nexported: {workspace.exported / NAME / made.run}"
    )


def main() -> int:
    """Export and print; returns 2 with one line on standard error if that does not work."""

    def make() -> tuple[str, int]:
        workspace = read_workspace()
        with hold_lock(workspace.lock, "export"):
            return describe(workspace, export(workspace)), 0

    return answer(make)


if __name__ == "__main__":
    sys.exit(main())
