"""What is read over the API of Salesforce lands as its file exports do, by windows and at once."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from ruamel.yaml import YAML

from ingestion.connectors.landed import Extract, land_extract, loads_of
from ingestion.connectors.salesforce.extraction import Extraction
from ingestion.connectors.window import Window, next_window
from ingestion.errors import TransientError
from ingestion.files import Export, Mapping, land_file, read_mapping
from ingestion.files.entities import ENTITIES
from ingestion.landing import Landing, Manifest
from ingestion.sandbox.systems.dialect import text_table, write_csv
from ingestion.sandbox.systems.salesforce.instance import DIALECT
from tests.ingestion.connectors.salesforce_org import OPTIONS, org
from tests.ingestion.sandbox.apis.salesforce_client import Client, company, standing, stored

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ingestion.connectors.download import Download

NOW = datetime.fromtimestamp(company()[1], UTC)
LOOK_BACK = timedelta(minutes=10)
OBJECTS = {"leads": "Lead", "lead_history": "LeadHistory", "opportunities": "Opportunity"}
FRAGMENT = Path(__file__).parents[3] / "ingestion/sandbox/exports/mappings/salesforce.yml"


def mapping_in(folder: Path, **more: Any) -> Mapping:
    """The mapping of the company's exports, of three of its objects."""
    items = [
        one | {"object": OBJECTS[stem], "load": "append", "exported_at": f"{NOW:%Y-%m-%d %H:%M:%S}"}
        for one in YAML(typ="safe").load(FRAGMENT.read_text(encoding="utf-8"))
        if (stem := one["file"].removeprefix("salesforce_").removesuffix(".csv")) in OBJECTS
    ]
    items[0]["columns"] |= more
    head = {"name": "api", "title": "Over the API", "outcomes": "won_and_lost"}
    zones = {"source_time_zone": "UTC", "reporting_time_zone": "UTC"}
    # JSON is YAML, and what the YAML writer makes of long flow mappings is none.
    (folder / "mapping.yml").write_text(json.dumps(head | zones | {"files": items}))
    return read_mapping(folder / "mapping.yml")


def rows(landing: Landing, export: Export) -> set[tuple[Any, ...]]:
    """The rows of an export, without what tells when and how each came."""
    names = ["_source", "_instance", "_record_id", "_is_deleted", "_undeclared"]
    return {
        tuple(row[name] for name in (*names, *ENTITIES[export.entity]))
        for one in landing.loads("files")
        if one.export == export.file
        for row in landing.read(one).to_pylist()
    }


@dataclass
class Reader:
    """Reads objects into a landing of its own."""

    client: Client
    mapping: Mapping
    folder: Path

    @property
    def landing(self) -> Landing:
        return Landing(self.folder / "landing")

    def read(self, export: Export, now: datetime = NOW) -> Download:
        salesforce = org(self.client)
        window = next_window(self.loads(export), now, LOOK_BACK)
        description = salesforce.describe(export.object or "")
        folder = self.folder / "downloads" / export.file
        return Extraction(salesforce, description, folder, first_poll=0).run(window)

    def land(self, export: Export, download: Download) -> Manifest:
        manifest = land_extract(self.landing, self.mapping, export, Extract.of(download))
        download.remove()
        return manifest

    def loads(self, export: Export) -> list[Manifest]:
        return loads_of(self.landing, self.mapping, export)


@pytest.fixture
def reader(exported: tuple[Mapping, Landing], tmp_path: Path) -> Iterator[Reader]:
    with standing(OPTIONS) as client:
        yield Reader(client, exported[0], tmp_path)


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> tuple[Mapping, Landing]:
    """The same objects as files."""
    folder = tmp_path_factory.mktemp("exports")
    mapping, landing = mapping_in(folder), Landing(folder / "landing")
    for one in mapping.files:
        table = text_table(stored(one.object or "").at(NOW.timestamp()), DIALECT)
        write_csv(table, folder / one.file, DIALECT)
        land_file(landing, mapping, one, folder)
    return mapping, landing


def without_undeclared(found: set[tuple[Any, ...]]) -> set[tuple[Any, ...]]:
    # The API tells of more fields than the exports have columns.
    return {(*row[:4], *row[5:]) for row in found}


def test_at_once_it_is_the_file_export(reader: Reader, exported: tuple[Mapping, Landing]) -> None:
    for export in reader.mapping.files:
        download = reader.read(export)
        manifest = reader.land(export, download)
        assert manifest.rows_reported == manifest.rows_delivered > 100
        found, expected = rows(reader.landing, export), rows(exported[1], export)
        assert without_undeclared(found) == without_undeclared(expected)
        (load,) = reader.loads(export)
        assert (load.window_start, load.window_end) == (None, NOW)


def test_a_run_that_died_before_it_forgot_the_download_lands_nothing_twice(reader: Reader) -> None:
    export = reader.mapping.files[0]
    download = reader.read(export)
    kept = {path.name: path.read_bytes() for path in download.folder.iterdir()}
    first = reader.land(export, download)
    download.folder.mkdir()
    for name, content in kept.items():
        (download.folder / name).write_bytes(content)
    again = reader.read(export)
    assert reader.land(export, again) == first
    assert len(reader.landing.loads("files")) == 1


def test_s15_a_file_that_lacks_rows_lands_nothing_and_is_fetched_anew(reader: Reader) -> None:
    export = reader.mapping.files[0]
    download = reader.read(export)
    lines = download.path.read_bytes().splitlines(keepends=True)
    download.path.write_bytes(b"".join(lines[:-1]))
    with pytest.raises(TransientError, match="rows came of"):
        reader.land(export, download)
    assert reader.landing.loads("files") == []
    download.remove()
    assert reader.land(export, reader.read(export)).rows_landed == len(lines) - 1


def test_another_mapping_reads_all_again(reader: Reader) -> None:
    export = reader.mapping.files[0]
    first = reader.land(export, reader.read(export))
    reader.mapping = mapping_in(reader.folder, quality_rating="Fax_Opt_In__c")
    export = reader.mapping.files[0]
    assert reader.loads(export) == []
    download = reader.read(export)
    assert download.window == Window(None, NOW)
    second = reader.land(export, download)
    assert second.supersedes == (first.load_id,)
    assert reader.landing.loads("files") == [second]
