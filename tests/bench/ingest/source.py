"""One system of the bench: how it is connected to, and what is read of it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from ingestion.connectors.marketo import LEAD
from ingestion.connectors.marketo.lists import LISTS
from ingestion.files import read_mapping
from tests.bench.ingest.stand_ins import MAPPING

if TYPE_CHECKING:
    from pathlib import Path

    from ingestion.files import Connection, Mapping


@dataclass(frozen=True)
class Source:
    """All objects of Salesforce, or all activities of Marketo; `folder` holds what is read."""

    system: str
    folder: Path

    @property
    def place(self) -> Path:
        """The folder of this system."""
        return self.folder / self.system

    @cached_property
    def mapping(self) -> Mapping:
        """The mapping without leads and assets, which Marketo does not tell as activities."""
        mapping = read_mapping(self.folder / MAPPING)
        others = {("marketo", name) for name in (LEAD, *LISTS)}
        files = tuple(one for one in mapping.files if (one.system, one.object) not in others)
        return mapping.model_copy(update={"files": files})

    @property
    def connection(self) -> Connection:
        """The connection of the system."""
        return next(one for one in self.mapping.connections if one.system == self.system)

    @property
    def objects(self) -> tuple[str, ...]:
        """What is read, by the system's own names."""
        found = (one.object or "" for one in self.mapping.objects_of(self.connection))
        return tuple(dict.fromkeys(found))
