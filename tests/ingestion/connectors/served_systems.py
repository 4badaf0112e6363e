"""A simulated company whose systems are served, and a landing of what is read from them."""

from __future__ import annotations

import os
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from ingestion.connectors.http import Patience
from ingestion.connectors.reading import Reading, ReadObject
from ingestion.files import Mapping, land_file, read_mapping
from ingestion.files.entities import ENTITIES
from ingestion.landing import Landing
from ingestion.sandbox.apis.present import Present
from ingestion.sandbox.apis.served_company import Habits, ServedSystem, served_company
from ingestion.sandbox.company.company import simulate
from ingestion.sandbox.exports import write_full
from ingestion.sandbox.exports.morning import after
from ingestion.sandbox.systems.landscape import hold_systems

if TYPE_CHECKING:
    from collections.abc import Iterator
    from collections.abc import Mapping as ReadOnly
    from pathlib import Path

    from ingestion.sandbox.settings import Settings
    from ingestion.sandbox.systems.held import Held

SERVED = frozenset({"salesforce", "marketo"})
QUICK = Patience(attempts=8, first_wait=0.001, longest_wait=0.01, connect=2, read=10)
_OBJECTS = {
    "Lead", "LeadHistory", "Opportunity", "Task", "User", "Change Score", "Merge Leads",
}  # fmt: skip
Rows = set[tuple[Any, ...]]


@dataclass
class Company:
    """What its systems hold, how they are read, and the landing of what they exported at `now`."""

    systems: tuple[Held, ...]
    mapping: Mapping
    exported: Landing
    now: datetime


def exported_company(folder: Path, settings: Settings) -> Company:
    systems = hold_systems(simulate(settings))
    write_full(folder / "files", settings, systems)
    write_full(folder / "served", replace(settings, served=SERVED), systems)
    files = read_mapping(folder / "files" / "mapping.yml")
    landing = Landing(folder / "landing")
    for one in files.files:
        if one.object is not None:
            land_file(landing, files, one, folder / "files")
    now = datetime.fromtimestamp(after(settings.last_day), UTC)
    return Company(systems, read_mapping(folder / "served" / "mapping.yml"), landing, now)


def some(mapping: Mapping) -> Mapping:
    """The mapping of seven objects, of each kind one: all 23 take three times as long."""
    files = tuple(one for one in mapping.files if one.object in _OBJECTS)
    return mapping.model_copy(update={"files": files})


def some_of(company: Company) -> Company:
    """The company of which no more than that is read."""
    return replace(company, mapping=some(company.mapping))


@dataclass
class Systems:
    """The stand-ins of a company's systems, and a landing of what is read from them."""

    company: Company
    present: Present
    serving: list[ServedSystem]
    folder: Path
    patience: Patience = field(default=QUICK)

    @property
    def landing(self) -> Landing:
        return Landing(self.folder / "landing")

    def calm(self) -> None:
        """All is well from now on."""
        for one in self.serving:
            one.faults.rates.clear()

    def read(self, now: datetime | None = None) -> list[ReadObject]:
        self.present.set((now or self.company.now).timestamp())
        mapping = self.company.mapping
        reading = Reading(
            landing=self.landing,
            mapping=mapping,
            folder=self.folder / "downloads",
            patience=self.patience,
        )
        return [found for one in mapping.connections for found in reading.read(one)]


@contextmanager
def served_systems(
    company: Company, folder: Path, rates: ReadOnly[str, float] | None = None
) -> Iterator[Systems]:
    """Serve a company's systems while the block runs, and let the environment tell where."""
    present = Present(company.now.timestamp())
    habits = Habits(rates=rates or {}, has_limits=False)
    with served_company(company.systems, present, habits) as serving:
        given = {name: text for one in serving for name, text in one.environment.items()}
        os.environ.update(given)
        try:
            yield Systems(company, present, serving, folder)
        finally:
            for name in given:
                os.environ.pop(name, None)


def rows(landing: Landing, file: str, entity: str) -> Rows:
    """The rows of an export as delivered, without what tells when and how each came."""
    return {row[2:] for row in _dated(landing, file, entity)}


def newest(landing: Landing, file: str, entity: str) -> Rows:
    """Of each record of an export the row that was changed last, as delivered."""
    found: dict[Any, tuple[Any, ...]] = {}
    for row in sorted(_dated(landing, file, entity), key=lambda row: row[:2]):
        found[row[2:5]] = row[2:]
    return set(found.values())


def _dated(landing: Landing, file: str, entity: str) -> Rows:
    names = ["_cursor", "_exported_at", "_source", "_instance", "_record_id", "_is_deleted"]
    loads = [one for one in landing.loads("files") if (one.export, one.object) == (file, entity)]
    full = [one for one in loads if one.kind == "full"]
    # What a later full load lacks is gone.
    newest = sorted(full, key=lambda one: str(one.window_end))[-1:]
    return {
        tuple(row[name] for name in [*names, *ENTITIES[entity]])
        for one in newest or loads
        for row in landing.read(one).to_pylist()
    }
