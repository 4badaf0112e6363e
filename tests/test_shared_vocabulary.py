"""Lists that two languages need are written twice; here they are held together."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from ingestion.agreement import read_agreement, tables
from ingestion.agreement.fields import NUMBER_FIELDS, SEGMENT_FIELDS, TRAIT_FIELDS
from ingestion.agreement.reporting import REPORT_SEGMENTS
from ingestion.agreement.scorecards import FIGURES
from ingestion.closings.scorecards import SCHEMA as SCORECARDS
from ingestion.erasure.erased_keys import SCHEMA as ERASED_KEYS
from ingestion.files import mapping_tables, read_mapping
from ingestion.files.entities import ENTITIES, FIELDS_WITH_UNIT, SYSTEM_COLUMNS
from ingestion.files.formats import DATE_FORMATS, SELF_CONTAINED_FORMATS, TIME_SUFFIXES
from ingestion.files.personal import NOBODYS_DOMAINS, NOBODYS_MAILBOXES, PLACEHOLDERS
from ingestion.review.landed import SCHEMA as REVIEW_ACTIONS

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


def test_what_counts_as_nobodys_is_the_same_for_an_erasure() -> None:
    quoted = {
        name: tuple(re.findall(r"'([^']+)'", macro(file, name)))
        for file, name in (
            ("emails.sql", "placeholder_mailboxes"),
            ("emails.sql", "placeholder_domains"),
            ("values.sql", "is_placeholder"),
        )
    }
    assert quoted == {
        "placeholder_mailboxes": NOBODYS_MAILBOXES,
        "placeholder_domains": NOBODYS_DOMAINS,
        "is_placeholder": PLACEHOLDERS,
    }


def test_erased_keys_are_the_landed_ones() -> None:
    assert source_tables("_erasures__sources.yml") == {"erased_keys": ERASED_KEYS.names}


def test_frozen_scorecards_are_the_landed_ones_and_what_is_published() -> None:
    assert source_tables("_closings__sources.yml") == {"scorecards": SCORECARDS.names}
    models = YAML(typ="safe").load(STAGING.parent / "marts" / "_marts__models.yml")["models"]
    (columns,) = (one["columns"] for one in models if one["name"] == "rpt_scorecards")
    assert [one["name"] for one in columns if one["name"] != "kind"] == SCORECARDS.names


def test_review_actions_are_the_landed_ones() -> None:
    assert source_tables("_review__sources.yml") == {"actions": REVIEW_ACTIONS.names}


def macro(file: str, name: str) -> str:
    text = (PROJECT / "dbt_project" / "macros" / file).read_text()
    return text.split(f"macro {name}(", 1)[1].split("endmacro", 1)[0]


def test_fields_with_a_unit_are_those_of_the_mapping() -> None:
    named = re.findall(r"'(\w+)'", macro("delivered.sql", "fields_with_unit"))
    assert set(named) == FIELDS_WITH_UNIT


def test_date_formats_have_a_pattern_each() -> None:
    named = re.findall(r"'([^'%]+)': '%", macro("delivered.sql", "timestamp_formats"))
    assert tuple(named) == DATE_FORMATS
    suffixes = re.findall(r"name ~ '( [^']+)'", macro("delivered.sql", "timestamp_formats"))
    assert tuple(suffixes) == TIME_SUFFIXES
    parsed = macro("delivered.sql", "duckdb__parsed_timestamp")
    assert all(f"'{name}'" in parsed for name in SELF_CONTAINED_FORMATS)


def test_segment_fields_are_those_of_the_agreement() -> None:
    pairs = re.findall(r"\('(\w+)', '(\w+)'\)", macro("segment_fields.sql", "segment_fields"))
    assert {f"{entity}.{field}" for entity, field in pairs} == set(SEGMENT_FIELDS)


def test_segments_that_reports_always_have_are_no_keys_of_an_agreement() -> None:
    always = re.findall(r"'(\w+)'", macro("opportunity_fields.sql", "deal_segments"))
    marts = STAGING.parent / "marts"
    always += re.findall(
        r"select [ch]\.\*, '(\w+)'",
        (marts / "rpt_handoff_acceptance.sql").read_text()
        + (marts / "rpt_sla_attainment.sql").read_text(),
    )
    assert set(always) == set(REPORT_SEGMENTS)


def test_figures_of_the_scorecards_are_those_that_the_models_make() -> None:
    model = STAGING.parent / "intermediate" / "int_scorecard_figures.sql"
    made = re.findall(r"\('([\w:]+)', '[^']+', '\w+', \[([^]]*)\]", model.read_text())
    assert {key: tuple(re.findall(r"\w+", teams)) for key, teams in made} == FIGURES


def test_rule_traits_are_those_of_the_agreement() -> None:
    traits = re.findall(r"\('([\w.]+)', '(\w+)', (\w+)\)", macro("rule_traits.sql", "rule_traits"))
    assert {field for field, _, _ in traits} == set(TRAIT_FIELDS)
    for field, column, is_number in traits:
        assert column == field.replace(".", "_")
        assert (is_number == "true") == (field in NUMBER_FIELDS)


def test_mapping_tables_are_the_landed_ones() -> None:
    mapping = read_mapping(
        PROJECT / "ingestion" / "files" / "mappings" / "maven_crm" / "mapping.yml"
    )
    assert source_tables("_mapping__sources.yml") == {
        name: table.column_names for name, table in mapping_tables(mapping).items()
    }
