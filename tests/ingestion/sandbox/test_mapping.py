from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ingestion.files import find_mapping, land_file, unnamed_files
from ingestion.landing import Landing

if TYPE_CHECKING:
    from pathlib import Path

    from tests.ingestion.sandbox.conftest import Written

STATUSES = {
    "new",
    "open",
    "working",
    "marketing_qualified",
    "sales_accepted",
    "sales_qualified",
    "nurture",
    "recycled",
    "rejected",
    "disqualified",
    "converted",
}
STAGES = {"discovery", "qualification", "proposal", "negotiation", "closed_won", "closed_lost"}


def test_all_rows_land_or_are_set_aside(written: Written, tmp_path: Path) -> None:
    mapping = find_mapping(written.folder)
    assert mapping.name == "sample_company"
    assert unnamed_files(mapping, written.folder) == []
    landing = Landing(tmp_path / "landing")
    landed = {one.file: land_file(landing, mapping, one, written.folder) for one in mapping.files}
    assert {file: one.delivered for file, one in landed.items()} == written.counts.rows
    assert {
        file: one.set_aside for file, one in landed.items() if one.set_aside
    } == written.counts.set_aside
    assert all(one.delivered == one.landed + one.set_aside for one in landed.values())


def test_every_label_has_a_meaning_but_parked(written: Written) -> None:
    unknown = {
        (export.file, column.column, value)
        for export in find_mapping(written.folder).files
        for column in export.columns.values()
        if column.map is not None and column.other != "false"
        for value in set(written.files[export.file][column.column or ""]) - column.map.keys() - {""}
    }
    assert unknown == {
        ("crm_leads.csv", "Status", "Parked"),
        ("crm_lead_history.csv", "NewValue", "Parked"),
    }


@pytest.mark.parametrize(
    ("file", "field", "canonical"),
    [
        ("crm_leads.csv", "status", STATUSES),
        ("crm_lead_history.csv", "new_value", STATUSES | STAGES),
        ("crm_opportunities.csv", "stage", STAGES),
    ],
)
def test_labels_become_the_agreed_vocabulary(
    written: Written, file: str, field: str, canonical: set[str]
) -> None:
    export = next(one for one in find_mapping(written.folder).files if one.file == file)
    assert set((export.columns[field].map or {}).values()) == canonical
