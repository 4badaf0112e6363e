"""Lists that two languages need are written twice; here they are held together."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from ingestion.agreement import read_agreement, tables
from ingestion.files.entities import ENTITIES, SYSTEM_COLUMNS

PROJECT = Path(__file__).parents[1]
STAGING = PROJECT / "dbt_project" / "models" / "staging"


def source_tables(file: str) -> dict[str, list[str]]:
    (source,) = YAML(typ="safe").load(STAGING / file)["sources"]
    return {
        table["name"]: [column["name"] for column in table["columns"]] for table in source["tables"]
    }


def test_raw_tables_are_the_registry() -> None:
    assert source_tables("_files__sources.yml") == {
        entity: [*SYSTEM_COLUMNS, *fields] for entity, fields in ENTITIES.items()
    }


def test_agreement_tables_are_the_landed_ones() -> None:
    landed: dict[str, Any] = tables(read_agreement(PROJECT / "agreement.yml"))
    assert source_tables("_agreement__sources.yml") == {
        name: table.column_names for name, table in landed.items()
    }


@pytest.mark.parametrize("entity", ENTITIES)
def test_staging_lists_every_field_of_the_entity(entity: str) -> None:
    text = (STAGING / f"base_files__{entity}.sql").read_text()
    listed = set(re.findall(r"'(\w+)'", text)) - {"view", entity}
    assert listed == set(ENTITIES[entity])
