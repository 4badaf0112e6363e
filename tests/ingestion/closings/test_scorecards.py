from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest

from ingestion.closings import land_scorecards, read_scorecards
from ingestion.closings.scorecards import SCHEMA
from ingestion.landing import Landing, Manifest

if TYPE_CHECKING:
    from pathlib import Path

KNOWN = datetime(2026, 3, 2, 5, tzinfo=UTC)


@pytest.fixture
def landing(tmp_path: Path) -> Landing:
    return Landing(tmp_path / "landing")


def rows(*months: int, actual: float = 1.0, metric: str = "won") -> pa.Table:
    """A figure of each of these months; what a row does not name is null."""
    found: list[dict[str, Any]] = [
        {"team": "sales", "metric": metric, "period_type": "month", "n": 1, "actual": actual,
         "period_start": date(2026, month, 1), "frozen_at": datetime(2026, month + 1, 1)}
        for month in months
    ]  # fmt: skip
    return pa.Table.from_pylist(found, schema=SCHEMA)


def test_nothing_is_frozen_at_first(landing: Landing) -> None:
    assert read_scorecards(landing) == SCHEMA.empty_table()
    assert land_scorecards(landing, rows(), KNOWN) is None
    assert landing.loads() == []


def test_all_that_closes_at_once_is_one_load_that_says_what_it_knew(landing: Landing) -> None:
    landed = land_scorecards(landing, rows(1, 2, 3), KNOWN)
    assert landed is not None
    assert landing.loads("closings") == [landed]
    assert (landed.object, landed.kind, landed.rows_landed, landed.window_end) == (
        "scorecards", "increment", 3, KNOWN,
    )  # fmt: skip
    assert read_scorecards(landing) == rows(1, 2, 3)


def test_what_is_frozen_is_never_frozen_again(landing: Landing) -> None:
    land_scorecards(landing, rows(1, 2), KNOWN)
    assert land_scorecards(landing, rows(1, 2, actual=5), KNOWN) is None
    later = land_scorecards(landing, rows(2, 3, actual=5), KNOWN)
    assert later is not None
    assert later.rows_landed == 1
    assert land_scorecards(landing, rows(1, metric="lost"), KNOWN) is not None
    assert read_scorecards(landing) == pa.concat_tables(
        [rows(1, 2), rows(3, actual=5), rows(1, metric="lost")]
    )


def test_two_rows_of_one_figure_are_refused(landing: Landing) -> None:
    with pytest.raises(ValueError, match="two frozen rows"):
        land_scorecards(landing, rows(1, 1), KNOWN)
    assert landing.loads() == []


# What the first publications landed.
FIRST_COLUMNS = (
    "team", "metric", "period_type", "period_start", "target", "actual", "attainment", "n",
    "mean_minutes", "median_minutes", "status", "previous_actual", "change", "frozen_at",
    "agreement_version",
)  # fmt: skip


def test_what_landed_before_a_column_was_there_still_reads(landing: Landing) -> None:
    first = rows(1).select(list(FIRST_COLUMNS))
    draft = Manifest(
        load_id="20260302T050000000000-first", source="closings", instance="main",
        object="scorecards", kind="increment", window_end=KNOWN, extracted_at=KNOWN,
        rows_delivered=1, rows_landed=1, checksum="first",
    )  # fmt: skip
    with landing.write_load(draft) as load:
        load.write(first)
    assert landing.read(load.manifest).column_names == list(FIRST_COLUMNS)
    # Nobody knew a label then: null, as in `rows`.
    assert read_scorecards(landing) == rows(1)
    later = land_scorecards(landing, rows(1, 2), KNOWN)
    assert later is not None
    assert later.rows_landed == 1
    assert read_scorecards(landing) == rows(1, 2)


def test_the_schema_grows_only() -> None:
    first = pa.schema([SCHEMA.field(name) for name in FIRST_COLUMNS])
    assert [field for field in SCHEMA if field.name in FIRST_COLUMNS] == list(first)
    assert all(field.nullable for field in SCHEMA)
