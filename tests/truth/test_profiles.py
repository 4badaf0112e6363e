"""Whether the traits that make good customers are found, and proposed."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import duckdb
import pytest

from ingestion.agreement import read_agreement
from ingestion.errors import TerminalError
from orchestration.funnel_run import Plan
from orchestration.profile_proposal import describe, propose
from orchestration.publication import publish
from orchestration.workspace import read_workspace
from tests.environment import run_environment
from tests.truth.companies import Company, build, write
from tests.truth.profiles import found

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PEOPLE = 8000


@pytest.fixture(scope="module")
def crowd(tmp_path_factory: pytest.TempPathFactory) -> Company:
    """A company of so many people that chance is small, and its lift table."""
    company = write(tmp_path_factory.mktemp("crowd"), "crowd", mess="usual", people=PEOPLE)
    build(company, "+rpt_buyer_profile_lift")
    return company


@pytest.fixture
def plan(crowd: Company) -> Iterator[Plan]:
    with run_environment(crowd.exports, crowd.folder / "workspace"):
        yield Plan(read_workspace())


def test_planted_traits_stand_above_those_that_do_nothing(crowd: Company) -> None:
    traits = found(crowd, crowd.warehouse)
    assert all(one.is_right for one in traits.values()), traits
    assert traits["account"].drivers == {
        "account account.industry = logistics", "account account.industry = wholesale",
    }  # fmt: skip
    assert traits["person"].drivers == {"person person.persona = finance_lead"}


def test_a_table_that_misleads_is_noticed(crowd: Company, tmp_path: Path) -> None:
    copy = tmp_path / "misleading.duckdb"
    shutil.copy(crowd.warehouse, copy)
    with duckdb.connect(str(copy)) as connection:
        connection.execute("update marts.rpt_buyer_profile_lift set lift_lower = -lift_lower")
    assert not any(one.is_right for one in found(crowd, copy).values())


def test_nothing_is_proposed_before_anything_is_published(plan: Plan) -> None:
    with pytest.raises(TerminalError, match="nothing is published yet"):
        propose(plan)
    assert not (plan.workspace.folder / "proposals").exists()


def test_the_proposal_is_an_agreement_with_what_the_data_support(
    plan: Plan, crowd: Company
) -> None:
    published = publish(crowd.warehouse, plan.workspace.published, "proposal")
    proposal = propose(plan)
    assert list(proposal.file.parent.iterdir()) == [proposal.file]
    signed, proposed = read_agreement(proposal.file).versions
    assert signed == plan.agreement.versions[-1]
    assert (proposed.version, proposed.signed.sales.by) == (signed.version + 1, "not signed yet")
    assert published.run in proposed.note
    assert proposed.effective_from.isoformat() == "2026-01-01"
    before, after = signed.buyer_profiles, proposed.buyer_profiles
    assert (after.marketing, after.good_customer) == (before.marketing, before.good_customer)
    assert after.agreed is not None
    traits = {one.field: one for one in after.agreed.traits}
    industry = traits["account.industry"]
    # Manufacturers were agreed on, and bring little.
    assert industry.any_of == ("logistics", "wholesale")
    assert all(one.weight > 0 for one in traits.values())
    assert "person.lead_source" not in traits
    told = describe(proposal)
    assert told[-1] == f"try it: make what-if AGREEMENT={proposal.file}"


@pytest.mark.long
@pytest.mark.parametrize("seed", range(1, 21))
def test_planted_traits_are_found_whatever_the_seed(tmp_path: Path, seed: int) -> None:
    company = write(tmp_path, "company", mess="usual", people=PEOPLE, seed=seed)
    traits = found(company, build(company, "+rpt_buyer_profile_lift"))
    assert all(one.is_right for one in traits.values()), traits
