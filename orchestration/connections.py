"""Connected systems on the way in: what was read of them, and what was not."""

from __future__ import annotations

from dataclasses import dataclass, replace
from time import monotonic
from typing import TYPE_CHECKING

from ingestion.connectors.http import Patience
from ingestion.connectors.landed import loads_of
from ingestion.connectors.reading import Reading, ReadObject
from ingestion.files import LandedFile
from orchestration import progress

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from ingestion.connectors.download import Download
    from ingestion.files import Connection, Export
    from orchestration.funnel_run import Plan


@dataclass(frozen=True)
class NotRead:
    """An object that could not be read: what of it has landed is used, and is as old as told.

    `read_until` is aware, None if nothing ever was read; `hours_old` is how long before as_of that
    lies, 0 if not before.
    """

    entity: str
    source: str
    object: str
    read_until: datetime | None
    hours_old: float | None
    error: str

    @property
    def age(self) -> str:
        """How old what has landed is, in words."""
        if self.read_until is None or self.hours_old is None:
            return "it never was read"
        old = f", {self.hours_old:.0f} h before as_of" if self.hours_old else ""
        return f"what is there was read until {self.read_until:%Y-%m-%d %H:%M} UTC{old}"


def read_connections(plan: Plan) -> tuple[list[LandedFile], list[NotRead]]:
    """Read what is new in each connected system and land it.

    A system or an object that cannot be read stops nothing: it is told. With the plan's `past`
    that stretch is read once more, too.
    """
    landed: list[LandedFile] = []
    not_read: list[NotRead] = []
    for connection in plan.mapping.connections:
        reading = Reading(
            landing=plan.landing,
            mapping=plan.mapping,
            folder=plan.workspace.downloads,
            patience=Patience(attempts=connection.tries) if connection.tries else None,
            tell=_Teller(connection),
        )
        for past in (None, *([plan.past] if plan.past else [])):
            start = monotonic()
            with progress.still("land", f"reading {connection.name}"):
                for found in reading.read(connection, past):
                    seconds, start = monotonic() - start, monotonic()
                    if found.error is None:
                        files = _landed(reading, found, seconds)
                        landed += [replace(one, is_once_more=past is not None) for one in files]
                    else:
                        progress.say("land", f"NOT READ {found.source} {found.object}")
                        not_read += _not_read(found, plan.as_of)
    return landed, not_read


def rows_in_all(plan: Plan, exports: Iterable[Export]) -> int:
    """Return how many rows of connected objects have landed, by this run or by earlier ones."""
    loads = (loads_of(plan.landing, plan.mapping, one) for one in exports)
    return sum(load.rows_landed for of_export in loads for load in of_export)


def _landed(reading: Reading, found: ReadObject, seconds: float) -> list[LandedFile]:
    landed = []
    new = {(export.entity, export.file) for export, _ in found.loads}
    unchanged = [
        (export, loads[-1])
        for export in found.exports
        if (export.entity, export.file) not in new and (loads := reading.loads(export))
    ]
    for export, load in (*found.loads, *unchanged):
        is_old = (export.entity, export.file) not in new
        what = f"{found.source} {load.file} ({'nothing new' if is_old else export.entity})"
        progress.say("land", what, rows=0 if is_old else load.rows_landed, seconds=seconds)
        landed.append(LandedFile.of(export, load, was_already_landed=is_old, seconds=seconds))
        # They were fetched at once: told with the first.
        seconds = 0.0
    return landed


def _not_read(found: ReadObject, as_of: datetime) -> list[NotRead]:
    until = found.read_until
    hours = None if until is None else max((as_of - until).total_seconds() / 3600, 0.0)
    return [
        NotRead(one.entity, found.source, one.object or "", until, hours, str(found.error))
        for one in found.exports
    ]


class _Teller:
    """Tells how far a download is, not more often than the other lines of progress."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._told_at = monotonic()

    def __call__(self, download: Download) -> None:
        """Hear of a page or a slice that was fetched; any thread may call."""
        if monotonic() - self._told_at >= progress.STILL_AFTER_SECONDS:
            self._told_at = monotonic()
            what = f"fetched of {self._connection.name} {download.asked['object']}"
            progress.say("land", what, rows=download.rows)
