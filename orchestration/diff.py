"""The public tables as the project makes them now, beside those published last: `make diff`."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from ingestion.errors import TerminalError
from orchestration.dbt_build import Built, build, environment_of, selected_models
from orchestration.grain import grains
from orchestration.publication import (
    AGREEMENT,
    CURRENT,
    DATABASE,
    HANDOFF_FINDINGS,
    Publication,
    current_publication,
)
from orchestration.terminal import answer
from orchestration.workspace import PREFIX, Workspace, read_workspace

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_ROWS_SHOWN = 3
_VALUE_WIDTH = 40

# Its values are told to nobody who did not ask for a person.
_PERSONAL = "dim_person_details"

# Not all of state:modified: that also holds the databases against each other, and the analyst's
# file is never the pipeline's.
_CHANGED = ("body", "configs", "macros", "contract")


@dataclass(frozen=True, kw_only=True)
class TableDiff:
    """How one table differs; rows are counted by grain, where the table has one.

    `examples` are lines of text, `columns` says in how many changed rows each column differs.
    """

    table: str
    before: int | None
    after: int | None
    only_before: int = 0
    only_after: int = 0
    changed: int = 0
    grain: tuple[str, ...] = ()
    columns: dict[str, int] = field(default_factory=dict)
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    examples: tuple[str, ...] = ()

    @property
    def is_equal(self) -> bool:
        """Whether both have the same columns and rows."""
        return (
            self.before is not None
            and self.after is not None
            and not (
                self.only_before or self.only_after or self.changed or self.added or self.removed
            )
        )


def diff(workspace: Workspace, models: Sequence[str] = ()) -> list[TableDiff]:
    """Build the named models, by default the changed ones, and compare what was published of them.

    Built is what depends on these models and all that it needs, with dbt's target `dev` into the
    analyst's own file, for the instant and the loads of the current publication. Floats are
    compared exactly. Returns one entry for each public table that was rebuilt, none if nothing in
    the project changed since that publication.
    Raises TerminalError if nothing is published yet or dbt fails.
    """
    publication = current_publication(workspace.published)
    if publication is None:
        raise TerminalError(
            "nothing is published yet", where=str(workspace.published), mend="Call `make run`"
        )
    dev = _dev_warehouse(workspace)
    built = _build(workspace, publication, dev, models)
    with duckdb.connect() as connection:
        connection.execute("set timezone = 'UTC'")
        served = (workspace.published / CURRENT / DATABASE).resolve()
        connection.execute(f"attach {_quoted(served)} as before (read_only)")
        # There is no such file yet if nothing had to be built.
        if built.tables:
            connection.execute(f"attach {_quoted(dev)} as after (read_only)")
        return list(_compare(connection, publication, built))


def _dev_warehouse(workspace: Workspace) -> Path:
    given = os.environ.get(f"{PREFIX}DEV_WAREHOUSE", "").strip()
    return Path(given).resolve() if given else workspace.folder / "dev.duckdb"


def _build(
    workspace: Workspace, publication: Publication, dev: Path, models: Sequence[str]
) -> Built:
    target_path = workspace.folder / "diff"
    selectors, told = _selection(workspace, publication, target_path, models)
    environment = {
        **environment_of(workspace, publication, target_path),
        f"{PREFIX}DEV_WAREHOUSE": str(dev),
    }
    selection: list[str] = []
    if selectors:
        # Models only: what a report reads beside a changed table is no consequence of the change.
        changed = selected_models(
            *selectors, environment=environment, target_path=target_path, target="dev"
        )
        # What they need comes along: the analyst's file may be empty, or built for another day.
        if not changed:
            return Built(json.loads((target_path / "manifest.json").read_text()), frozenset())
        selection = ["--select", *(f"+{one}" for one in changed)]
    return build(
        "build",
        # What the analyst's file holds may be of other code or another day: no increment on top.
        "--full-refresh",
        "--exclude-resource-type=unit_test",
        *selection,
        # They look across all layers and would stop what is to be looked at; a run makes them.
        "--exclude",
        "test_type:singular",
        environment=environment,
        target_path=target_path,
        target="dev",
        told=f"building {told} into {dev}",
    )


def _selection(
    workspace: Workspace, publication: Publication, target_path: Path, models: Sequence[str]
) -> tuple[list[str], str]:
    """The arguments that select what may differ, none for all, and what is built in words."""
    if models:
        what = f"{', '.join(models)}, what depends on {'it' if len(models) == 1 else 'them'}"
        return ["--select", *(f"{one}+" for one in models)], f"{what} and what they need"
    manifest = workspace.dbt_target / "manifest.json"
    if not _fits(manifest, publication):
        return [], "all models (the last run is not the one that published)"
    state = target_path / "state"
    state.mkdir(parents=True, exist_ok=True)
    # A copy: a run that begins meanwhile writes that file anew.
    shutil.copy(manifest, state)
    changed = [f"state:modified.{one}+" for one in _CHANGED]
    return [
        "--select",
        *changed,
        "state:new+",
        "--state",
        str(state),
    ], "the changed models, what depends on them and what they need"


def _fits(manifest: Path, publication: Publication) -> bool:
    """Whether the manifest of the last run is older than the publication: then it made it."""
    if not manifest.is_file():
        return False
    generated_at = json.loads(manifest.read_text())["metadata"]["generated_at"]
    return datetime.fromisoformat(generated_at) <= datetime.fromisoformat(publication.created_at)


def _compare(
    connection: duckdb.DuckDBPyConnection, publication: Publication, built: Built
) -> Iterator[TableDiff]:
    models, keys = built.models(), grains(built.manifest)
    # What the gate found and what was signed is made of no model.
    published = {
        one
        for one in publication.tables
        if one != HANDOFF_FINDINGS and not one.startswith(f"{AGREEMENT}.")
    }
    public = {name for name in models if name.startswith("marts.")} | published
    for table in sorted(public):
        if table not in models:
            yield TableDiff(table=table, before=publication.tables[table].rows, after=None)
        elif table in built.tables and table in publication.tables:
            yield _compare_table(connection, table, keys.get(table, ()))
        elif table in built.tables and table != f"marts.{_PERSONAL}":
            yield TableDiff(table=table, before=None, after=_count(connection, f"after.{table}"))


def _compare_table(
    connection: duckdb.DuckDBPyConnection, table: str, grain: tuple[str, ...]
) -> TableDiff:
    before, after = (_columns(connection, f"{side}.{table}") for side in ("before", "after"))
    common = [column for column in before if column in after]
    listed = ", ".join(f'"{column}"' for column in common)
    for side, other in (("before", "after"), ("after", "before")):
        connection.execute(
            f"create or replace temp table only_{side} as select {listed} from {side}.{table}"
            f" except all select {listed} from {other}.{table}"
        )
    known = tuple(column for column in grain if column in common)
    columns: dict[str, int] = {}
    changed = 0
    if known == grain and grain:
        changed, columns = _changed(connection, grain, [one for one in common if one not in grain])
    return TableDiff(
        table=table,
        before=_count(connection, f"before.{table}"),
        after=_count(connection, f"after.{table}"),
        only_before=_count(connection, "only_before") - changed,
        only_after=_count(connection, "only_after") - changed,
        changed=changed,
        grain=grain,
        columns=columns,
        added=tuple(column for column in after if column not in before),
        removed=tuple(column for column in before if column not in after),
        examples=tuple(_examples(connection, table, grain if changed or known else (), columns)),
    )


def _changed(
    connection: duckdb.DuckDBPyConnection, grain: Sequence[str], others: Sequence[str]
) -> tuple[int, dict[str, int]]:
    """Count the rows whose key is on both sides, and in how many of them each column differs."""
    counts = ", ".join(
        ["count(*)", *(f'count(*) filter (b."{one}" is distinct from a."{one}")' for one in others)]
    )
    found = connection.execute(f"select {counts} {_joined(grain)}").fetchone() or (0,)
    differing = {column: count for column, count in zip(others, found[1:], strict=True) if count}
    return int(found[0]), dict(sorted(differing.items(), key=lambda one: (-one[1], one[0])))


def _joined(grain: Sequence[str], kind: str = "inner") -> str:
    on = " and ".join(f'b."{one}" is not distinct from a."{one}"' for one in grain)
    return f"from only_before as b {kind} join only_after as a on {on}"


def _examples(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    grain: Sequence[str],
    columns: dict[str, int],
) -> Iterator[str]:
    is_told = not table.endswith(_PERSONAL)
    if columns:
        key = ", ".join(f'b."{one}"' for one in grain)
        values = ", ".join(f'b."{one}", a."{one}"' for one in columns)
        for row in connection.execute(
            f"select {key}, {values} {_joined(grain)} order by all limit {_ROWS_SHOWN}"
        ).fetchall():
            pairs = zip(columns, row[len(grain) :: 2], row[len(grain) + 1 :: 2], strict=True)
            told = ", ".join(
                f"{column} {_short(old)} → {_short(new)}" if is_told else column
                for column, old, new in pairs
                if old != new
            )
            yield f"changed {_named(grain, row)}: {told}"
    for side in ("before", "after"):
        other = "after" if side == "before" else "before"
        shown = ", ".join(f'"{one}"' for one in grain) or "*"
        missing = " and ".join(f'o."{one}" is not distinct from s."{one}"' for one in grain)
        unmatched = f"where not exists (select 1 from only_{other} as o where {missing})"
        found = connection.execute(
            f"select {shown} from only_{side} as s {unmatched if grain else ''}"
            f" order by all limit {_ROWS_SHOWN}"
        )
        names = [column[0] for column in found.description or []]
        for row in found.fetchall():
            yield f"only {side} {_named(names, row) if is_told else ''}".rstrip()


def _named(names: Sequence[str], row: Sequence[object]) -> str:
    return ", ".join(f"{name} {_short(value)}" for name, value in zip(names, row, strict=False))


def _short(value: object) -> str:
    text = "null" if value is None else str(value)
    return text if len(text) <= _VALUE_WIDTH else text[: _VALUE_WIDTH - 1] + "…"


def _columns(connection: duckdb.DuckDBPyConnection, table: str) -> list[str]:
    return [row[0] for row in connection.execute(f"describe {table}").fetchall()]


def _count(connection: duckdb.DuckDBPyConnection, table: str) -> int:
    found = connection.execute(f"select count(*) from {table}").fetchone()
    return int(found[0]) if found else 0


def _quoted(value: object) -> str:
    return "'" + str(value).replace("'", "''") + "'"


def describe(found: Sequence[TableDiff]) -> list[str]:
    """Return the lines that tell the differences; the last one says whether there are any."""
    lines = [line for one in found for line in _described(one)]
    differing = [one for one in found if not one.is_equal]
    if not found:
        return ["no model differs from the last run: nothing was built", "no differences"]
    if not differing:
        return [*lines, "no differences"]
    return [*lines, f"differences in {len(differing)} of {len(found)} tables"]


def _described(one: TableDiff) -> Iterator[str]:
    if one.after is None:
        yield f"{one.table}: gone from the project, {one.before:,} rows were published"
        return
    if one.before is None:
        yield f"{one.table}: new, {one.after:,} rows"
        return
    if one.is_equal:
        yield f"{one.table}: {one.after:,} rows, equal"
        return
    yield (
        f"{one.table}: {one.before:,} rows before, {one.after:,} after;"
        f" {one.only_before:,} only before, {one.only_after:,} only after"
        + (f", {one.changed:,} changed" if one.grain else "; no test names its grain")
    )
    for words, names in (("new columns", one.added), ("columns gone", one.removed)):
        if names:
            yield f"  {words}: {', '.join(names)}"
    if one.columns:
        told = ", ".join(f"{column} ({rows:,})" for column, rows in one.columns.items())
        yield f"  differing columns, with rows: {told}"
    for example in one.examples:
        yield f"  {example}"


def main(arguments: list[str] | None = None) -> int:
    """Print the differences; returns 0 if there are none, 1 if there are, 2 if it did not work."""
    parser = argparse.ArgumentParser(prog="orchestration.diff", description=__doc__)
    parser.add_argument("models", nargs="*", help="models; by default those that changed")
    options = parser.parse_args(arguments)

    def compared() -> tuple[str, int]:
        found = diff(read_workspace(), options.models)
        return "\n".join(describe(found)), int(not all(one.is_equal for one in found))

    return answer(compared)


if __name__ == "__main__":
    sys.exit(main())
