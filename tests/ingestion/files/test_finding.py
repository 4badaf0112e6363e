from __future__ import annotations

import shutil

import pytest

from ingestion.errors import TerminalError
from ingestion.files import MappingError, find_mapping, read_mapping, unnamed_files
from ingestion.files.finding import project_mappings

OWN = """\
name: own
title: Own
source_time_zone: UTC
reporting_time_zone: UTC
outcomes: won_only
files:
  - {file: "a?.csv", system: crm, entity: owners, load: full, exported_at: 2024-01-01, key: id}
  - {file: b.csv, system: crm, entity: products, load: full, exported_at: 2024-01-01, key: id}
"""


def put(folder, *names):
    for name in names:
        (folder / name).write_text("x")


def files_of(name):
    (mapping,) = [one for one in project_mappings() if one.name == name]
    return [one.file for one in mapping.files]


@pytest.mark.parametrize("name", ["maven_crm", "olist_funnel"])
def test_a_folder_fits_the_mapping_whose_files_it_has(tmp_path, name):
    put(tmp_path, *files_of(name), "readme.txt")
    mapping = find_mapping(tmp_path)
    assert mapping.name == name
    assert unnamed_files(mapping, tmp_path) == ["readme.txt"]


def test_the_folder_s_own_mapping_wins(tmp_path):
    put(tmp_path, *files_of("maven_crm"), "a1.csv", "c.csv", ".hidden")
    (tmp_path / "mapping.yml").write_text(OWN)
    mapping = find_mapping(tmp_path)
    assert mapping.name == "own"
    assert unnamed_files(mapping, tmp_path) == sorted([*files_of("maven_crm"), "c.csv"])


def test_a_named_mapping_wins_over_all(tmp_path):
    (tmp_path / "mapping.yml").write_text(OWN.replace("name: own", "name: other"))
    (tmp_path / "elsewhere").mkdir()
    named = tmp_path / "elsewhere" / "named.yml"
    named.write_text(OWN)
    put(tmp_path, "a1.csv", "b.csv")
    mapping = find_mapping(tmp_path, named)
    assert mapping.name == "own"
    assert unnamed_files(mapping, tmp_path) == ["mapping.yml"]
    shutil.copy(named, tmp_path / "elsewhere" / "mapping.yml")
    assert find_mapping(tmp_path, tmp_path / "elsewhere").name == "own"


def test_a_folder_that_fits_nothing_lists_what_is_missing(tmp_path):
    put(tmp_path, "accounts.csv", "products.csv", "sales_teams.csv")
    with pytest.raises(MappingError) as caught:
        find_mapping(tmp_path)
    said = str(caught.value).splitlines()
    assert said[0] == f"{tmp_path}: no mapping fits this folder."
    assert "  maven_crm: missing sales_pipeline.csv" in said
    assert said[-1] == (
        "Write a mapping.yml into the folder, or name a mapping file in UNIFIED_FUNNEL_MAPPING."
    )


def test_a_folder_that_fits_two_names_them(tmp_path):
    put(tmp_path, *files_of("maven_crm"), *files_of("olist_funnel"))
    with pytest.raises(MappingError, match="2 mappings fit this folder: maven_crm, olist_funnel"):
        find_mapping(tmp_path)


def test_a_missing_folder_is_told(tmp_path):
    with pytest.raises(TerminalError, match="there is no such folder"):
        find_mapping(tmp_path / "nowhere")


def test_every_mapping_of_the_project_is_right():
    mappings = project_mappings()
    assert {"maven_crm", "olist_funnel"} <= {one.name for one in mappings}
    for mapping in mappings:
        assert mapping.path.parent.name == mapping.name
        assert read_mapping(mapping.path) == mapping
