from __future__ import annotations

from datetime import date, datetime

import pyarrow as pa
import pytest

from ingestion.files import land_mapping, mapping_tables, read_mapping

TEXT = """\
name: shop
title: A shop
as_of: 2024-01-31
source_time_zone: America/New_York
reporting_time_zone: UTC
agreement: agreement.yml
outcomes: won_and_lost
files:
  - file: leads.csv
    system: crm
    entity: persons
    load: append
    exported_at: 2024-02-01
    history_start: 2023-01-01
    key: id
    columns:
      status: {column: s, map: {New: new, Old: old}}
      country: {column: c, map: {DE: Germany}}
      lead_source: {column: l, map: {web: website}, other: offline}
      persona: persona
  - file: contacts.csv
    system: crm
    entity: persons
    load: full
    exported_at: 2024-02-01 12:00
    key: id
    columns:
      status: {value: customer}
      persona: {value: buyer}
"""


@pytest.fixture
def mapping(tmp_path):
    (tmp_path / "mapping.yml").write_text(TEXT)
    return read_mapping(tmp_path / "mapping.yml")


def test_data_sets(mapping):
    table = mapping_tables(mapping)["data_sets"]
    assert table.to_pylist() == [
        {
            "data_set": "shop",
            "title": "A shop",
            "as_of": date(2024, 1, 31),
            "source_time_zone": "America/New_York",
            "reporting_time_zone": "UTC",
            "outcomes": "won_and_lost",
            "agreement": "agreement.yml",
        }
    ]
    assert table.schema.field("as_of").type == pa.date32()


def test_exports(mapping):
    table = mapping_tables(mapping)["exports"]
    common = {"source": "crm", "instance": "main", "entity": "persons"}
    assert table.to_pylist() == [
        common
        | {
            "export": "leads.csv",
            "load": "append",
            "exported_at": datetime(2024, 2, 1, 5),
            "history_start": date(2023, 1, 1),
            "time_zone": "America/New_York",
        },
        common
        | {
            "export": "contacts.csv",
            "load": "full",
            "exported_at": datetime(2024, 2, 1, 17),
            "history_start": None,
            "time_zone": "America/New_York",
        },
    ]
    assert table.schema.field("exported_at").type == pa.timestamp("us")


def test_value_maps(mapping):
    rows = mapping_tables(mapping)["value_maps"].to_pylist()
    place = ("source", "instance", "entity", "export")
    assert {tuple(row[name] for name in place) for row in rows} == {
        ("crm", "main", "persons", "leads.csv")
    }
    assert [(row["field"], row["delivered_value"], row["canonical_value"]) for row in rows] == [
        ("status", "New", "new"),
        ("status", "Old", "old"),
        ("status", "*", "unmapped"),
        ("country", "DE", "Germany"),
        ("country", "*", None),
        ("lead_source", "web", "website"),
        ("lead_source", "*", "offline"),
    ]


def test_separators(tmp_path):
    """Of every cell that may hold several values, also where the mapping does not name any."""
    more = """  - file: assets.csv
    system: wiki
    entity: contents
    load: full
    exported_at: 2024-02-01
    key: id
    columns:
      name: title
      persona: {column: for, separator: " / ", map: {Boss: ceo}}
      buying_stage: step
"""
    (tmp_path / "mapping.yml").write_text(TEXT + more)
    tables = mapping_tables(read_mapping(tmp_path / "mapping.yml"))
    assert [tuple(row.values()) for row in tables["separators"].to_pylist()] == [
        ("wiki", "main", "contents", "assets.csv", "persona", " / "),
        ("wiki", "main", "contents", "assets.csv", "buying_stage", ";"),
    ]
    values = [row for row in tables["value_maps"].to_pylist() if row["entity"] == "contents"]
    assert [(row["delivered_value"], row["canonical_value"]) for row in values] == [
        ("Boss", "ceo"),
        ("*", "unmapped"),
    ]


def test_a_mapping_lands_once_and_again_when_it_changes(desk, mapping, tmp_path):
    first = land_mapping(desk.landing, mapping)
    assert [(one.source, one.instance, one.object) for one in first] == [
        ("mapping", "shop", name)
        for name in ("data_sets", "exports", "value_maps", "units", "separators")
    ]
    assert land_mapping(desk.landing, mapping) == first
    (tmp_path / "mapping.yml").write_text(TEXT.replace("Old: old", "Old: ancient"))
    again = land_mapping(desk.landing, read_mapping(tmp_path / "mapping.yml"))
    assert again[:2] == first[:2]
    assert again[2] != first[2]
    assert again[3:] == first[3:]
    assert len(desk.landing.loads("mapping")) == 6
