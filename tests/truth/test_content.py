"""What was planted among the content of simulated companies is what the audit reports."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.truth.companies import build, write
from tests.truth.content import differences, findings, gaps, states

if TYPE_CHECKING:
    from pathlib import Path

    from ingestion.sandbox.mess import Profile
    from ingestion.sandbox.settings import SetUp

MODELS = ("+rpt_content_coverage", "+rpt_content_audit")
PEOPLE = 150
ALL_STATES = {"active", "retired", "stale", "orphaned", "unused", "lost"}


def compared(root: Path, seed: int, set_up: SetUp = "salesforce_marketo") -> None:
    mess: Profile = "usual" if seed % 2 else "awful"
    company = write(root, f"content_{seed}", mess=mess, people=PEOPLE, seed=seed, set_up=set_up)
    build(company, *MODELS)
    assert not {what: rows for what, rows in differences(company).items() if rows}
    planted, told = gaps(company)
    # By chance nothing may have been made for more.
    assert len(planted) >= 2
    assert planted <= told
    assert states(company).keys() == ALL_STATES


@pytest.mark.parametrize("seed", [7, 8, 9])
def test_all_that_was_planted_is_reported_and_nothing_else(tmp_path: Path, seed: int) -> None:
    compared(tmp_path, seed)


@pytest.mark.parametrize("set_up", ["salesforce_account_engagement", "hubspot"])
def test_all_that_was_planted_is_reported_of_other_systems(tmp_path: Path, set_up: SetUp) -> None:
    compared(tmp_path, 7, set_up)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(10, 27))
def test_all_that_was_planted_is_reported_in_many_companies(tmp_path: Path, seed: int) -> None:
    compared(tmp_path, seed)


def test_findings_name_what_is_lost_and_what_is_nobodys(tmp_path: Path) -> None:
    company = write(tmp_path, "content", mess="usual", people=PEOPLE)
    build(company, "+findings")
    found = findings(company)
    assert found["content_lost"] == states(company)["lost"]
    assert found["content_orphaned"] >= states(company)["orphaned"] > 0
    assert "content_tag_unmapped" not in found
