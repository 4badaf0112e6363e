"""Why deals of simulated companies were really lost is what is reported, and adds up."""

from __future__ import annotations

from typing import TYPE_CHECKING

import duckdb
import pytest

from ingestion.sandbox.company.opportunities import LOSS_REASONS
from tests.truth.companies import build, write
from tests.truth.losses import differences, periods, reasons

if TYPE_CHECKING:
    from pathlib import Path

    from ingestion.sandbox.mess import Profile
    from ingestion.sandbox.settings import SetUp
    from tests.truth.companies import Company

MODELS = ("+rpt_loss_reasons", "+rpt_win_loss")
PEOPLE = 1000


def compared(root: Path, seed: int, set_up: SetUp = "salesforce_marketo") -> Company:
    mess: Profile = "usual" if seed % 2 else "awful"
    company = write(root, f"losses_{seed}", mess=mess, people=PEOPLE, seed=seed, set_up=set_up)
    build(company, *MODELS)
    found = {what: rows for what, rows in differences(company).items() if rows}
    assert not found, found
    # By chance nobody may have lost anything for a rare one.
    assert {"price", "no_decision", None} <= reasons(company).keys() <= {*LOSS_REASONS, None}
    of_period = periods(company)
    assert of_period["month"] == of_period["quarter"] == of_period["all"]
    return company


def test_all_losses_have_their_reason_competitor_and_stage(tmp_path: Path) -> None:
    company = compared(tmp_path, 7)
    # A deal that was lost for another reason is noticed.
    with duckdb.connect(str(company.warehouse)) as connection:
        connection.execute(
            "update marts.rpt_loss_reasons set lost = lost + 1"
            " where period_type = 'all' and segment = 'all' and value = 'price'"
        )
    assert all(differences(company).values())


@pytest.mark.parametrize("set_up", ["hubspot", "salesforce_hubspot"])
def test_all_losses_of_other_systems_have_theirs(tmp_path: Path, set_up: SetUp) -> None:
    compared(tmp_path, 8, set_up)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(10, 29))
def test_all_losses_of_many_companies_have_theirs(tmp_path: Path, seed: int) -> None:
    compared(tmp_path, seed)
