from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path  # noqa: TC003 - pytest reads it
from typing import Any

import pytest
from ruamel.yaml import YAML

from ingestion.files import LandedFile, find_mapping, land_file
from ingestion.landing import Landing, Manifest

HEAD: dict[str, Any] = {
    "name": "shop",
    "title": "A shop",
    "source_time_zone": "UTC",
    "reporting_time_zone": "UTC",
    "outcomes": "won_and_lost",
}
DEALS: dict[str, Any] = {
    "file": "deals.csv",
    "system": "crm",
    "entity": "opportunities",
    "load": "full",
    "exported_at": "2024-02-01",
    "key": "id",
    "columns": {"name": "title", "stage": "state"},
}


@dataclass
class Desk:
    """A folder of exports with its mapping, and a landing."""

    folder: Path
    landing: Landing
    export: dict[str, Any] = field(default_factory=lambda: dict(DEALS))
    head: dict[str, Any] = field(default_factory=lambda: dict(HEAD))

    def put(self, content: bytes | str, name: str | None = None) -> Path:
        path = self.folder / (name or self.export["file"])
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def land(self, content: bytes | str | None = None, **changes: Any) -> LandedFile:
        self.export |= changes
        if content is not None:
            self.put(content)
        with (self.folder / "mapping.yml").open("w") as file:
            YAML(typ="safe").dump(self.head | {"files": [self.export]}, file)
        mapping = find_mapping(self.folder)
        return land_file(self.landing, mapping, mapping.files[0], self.folder)

    @property
    def load(self) -> Manifest:
        (manifest,) = self.landing.loads("files")
        return manifest

    def rows(self) -> list[dict[str, Any]]:
        """Rows that landed, with the stamps as a dict."""
        rows = self.landing.read(self.load).to_pylist()
        return [row | {"_stamps": dict(row["_stamps"])} for row in rows]

    def column(self, name: str) -> list[Any]:
        return [row[name] for row in self.rows()]

    def set_aside(self) -> list[dict[str, Any]]:
        return self.landing.read(self.load, "set_aside").to_pylist()


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    (tmp_path / "exports").mkdir()
    return Desk(tmp_path / "exports", Landing(tmp_path / "landing"))
