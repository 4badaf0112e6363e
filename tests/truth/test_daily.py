from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import duckdb

from tests.truth.daily import compare

if TYPE_CHECKING:
    from pathlib import Path

    from tests.truth.companies import Company


def test_daily_exports_lead_to_the_marts_of_the_full_one(full: Company, daily: Company) -> None:
    assert len(list(daily.exports.iterdir())) == 9
    assert compare(full.warehouse, daily.warehouse) == {}


def test_a_row_that_is_missing_or_changed_is_seen(full: Company, tmp_path: Path) -> None:
    changed = tmp_path / "changed.duckdb"
    shutil.copy(full.warehouse, changed)
    with duckdb.connect(str(changed)) as connection:
        connection.execute("delete from marts.dim_accounts where account_key in"
                           " (select min(account_key) from marts.dim_accounts)")  # fmt: skip
        connection.execute("update marts.fct_opportunities set amount = amount + 1")
        (deals,) = connection.execute(
            "select count(amount) from marts.fct_opportunities"
        ).fetchone() or (0,)
    assert compare(full.warehouse, changed) == {
        "dim_accounts": (1, 0),
        "fct_opportunities": (deals, deals),
    }
