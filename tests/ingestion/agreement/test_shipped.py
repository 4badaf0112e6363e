"""The agreements that ship, and the schema beside them."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import jsonschema
import pyarrow.compute as pc
import pytest

from ingestion.agreement import cautions, json_schema, read_agreement, tables
from ingestion.agreement.fields import CRITERION_FIELDS, SEGMENT_FIELDS, TRAIT_FIELDS
from ingestion.agreement.schema import schema_text
from ingestion.agreement.tree import read_tree
from ingestion.agreement.version import Version
from ingestion.files.entities import ENTITIES

ROOT = Path(__file__).parents[3]
MAPPINGS = ROOT / "ingestion" / "files" / "mappings"
SHIPPED = {
    "company": ROOT / "agreement.yml",
    "olist_funnel": MAPPINGS / "olist_funnel" / "agreement.yml",
    "maven_crm": MAPPINGS / "maven_crm" / "agreement.yml",
}


def lists(value: Any) -> Any:
    """JSON Schema knows lists, no tuples."""
    if isinstance(value, dict):
        return {key: lists(inner) for key, inner in value.items()}
    return [lists(item) for item in value] if isinstance(value, tuple) else value


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_agreement_is_right_and_without_warnings(name: str) -> None:
    agreement = read_agreement(SHIPPED[name])
    assert agreement.name == name
    assert cautions(agreement) == []


@pytest.mark.parametrize("name", SHIPPED)
def test_the_schema_accepts_what_ships(name: str) -> None:
    tree, _ = read_tree(SHIPPED[name].read_text(encoding="utf-8"))
    assert tree is not None
    jsonschema.Draft202012Validator(json_schema()).validate(lists(tree.plain()))


def test_the_committed_schema_is_the_one_of_the_models() -> None:
    committed = (ROOT / "agreement.schema.json").read_text(encoding="utf-8")
    assert committed == schema_text(), (
        "run: python -m ingestion.agreement --json-schema agreement.schema.json"
    )
    assert json.loads(committed) == json_schema()


def test_the_default_names_its_schema_and_spells_all_parts_out() -> None:
    text = SHIPPED["company"].read_text(encoding="utf-8")
    assert text.splitlines()[0] == "# yaml-language-server: $schema=agreement.schema.json"
    version = read_agreement(SHIPPED["company"]).versions[0]
    assert version.model_fields_set == set(Version.model_fields)
    found = tables(read_agreement(SHIPPED["company"]))
    # One signal decides on each stage of the default; compounds are for those who write them.
    assert [name for name, table in found.items() if not table.num_rows] == ["compound_conditions"]


def test_the_default_holds_every_role_and_exit() -> None:
    found = tables(read_agreement(SHIPPED["company"]))
    roles = dict(
        zip(
            found["stage_roles"].column("role").to_pylist(),
            found["stage_roles"].column("stage").to_pylist(),
            strict=True,
        )
    )
    assert roles == {
        "inquiry": "inquiry",
        "marketing_qualified": "marketing_qualified",
        "hand_off": "marketing_qualified",
        "accepted": "sales_accepted",
        "sales_qualified": "sales_qualified",
        "opportunity": "opportunity",
        "won": "won",
        "retained": "retained",
    }
    assert set(found["exits"].column("exit").to_pylist()) == {
        "rejected",
        "recycled",
        "disqualified",
        "lost",
        "churned",
    }


def test_no_holiday_of_the_default_falls_on_a_weekend() -> None:
    holidays = tables(read_agreement(SHIPPED["company"]))["holidays"]
    days = holidays.column("holiday_date")
    assert set(pc.day_of_week(days).to_pylist()) <= {0, 1, 2, 3, 4}
    assert pc.value_counts(pc.year(days)).field("counts").to_pylist() == [11, 11, 11]
    assert date(2026, 11, 26) in days.to_pylist()


def test_olist_is_the_funnel_of_a_marketplace() -> None:
    found = tables(read_agreement(SHIPPED["olist_funnel"]))
    assert found["stages"].column("stage").to_pylist() == [
        "marketing_qualified",
        "sales_accepted",
        "sales_qualified",
        "opportunity",
        "won",
    ]
    assert found["conversion_windows"].column("window_days").to_pylist() == [30, 90]
    assert found["settings"].column("expiry_days").to_pylist() == [None]
    assert found["segments"].column("segment").to_pylist() == [
        "lead_source",
        "business_segment",
        "lead_type",
        "behaviour_profile",
        "sdr",
    ]


def test_maven_has_no_marketing_stage() -> None:
    found = tables(read_agreement(SHIPPED["maven_crm"]))
    assert found["stages"].column("stage").to_pylist() == ["prospecting", "engaging", "won"]
    assert found["stage_roles"].column("role").to_pylist() == ["opportunity", "won"]
    assert found["segments"].column("segment").to_pylist() == [
        "product",
        "sector",
        "region",
        "manager",
        "agent",
    ]


def test_the_fields_exist_in_what_mappings_fill() -> None:
    known = {
        "person": set(ENTITIES["persons"]),
        "account": set(ENTITIES["accounts"]),
        "owner": {*ENTITIES["owners"], "owner_key"},
        "opportunity": {*ENTITIES["opportunities"], "developer_key"},
    }
    for field in (*SEGMENT_FIELDS, *TRAIT_FIELDS):
        entity, name = field.split(".")
        assert name in known[entity]
    assert {"status", "lifecycle_stage", "score"} <= known["person"] & set(CRITERION_FIELDS)
