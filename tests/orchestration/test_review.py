"""The review file beside the agreement: checked before anything lands, and it need not be there."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from ingestion.errors import TerminalError
from orchestration.funnel_run import Plan
from orchestration.workspace import PROJECT, read_workspace
from tests.environment import run_environment
from tests.orchestration.conftest import write_exports

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

RIGHT = (PROJECT / "review_actions.yml").read_text()


@pytest.fixture
def beside(tmp_path: Path) -> Iterator[Path]:
    """The folder of an agreement of its own, which the run reads."""
    write_exports(tmp_path / "exports")
    shutil.copy(PROJECT / "agreement.yml", tmp_path)
    with run_environment(
        tmp_path / "exports",
        tmp_path / "workspaces",
        UNIFIED_FUNNEL_AGREEMENT=str(tmp_path / "agreement.yml"),
    ):
        yield tmp_path


def test_without_a_file_nothing_was_decided(beside: Path) -> None:
    plan = Plan(read_workspace())
    plan.check()
    assert plan.review is None


def test_it_is_the_one_beside_the_agreement(beside: Path) -> None:
    (beside / "review_actions.yml").write_text(RIGHT)
    plan = Plan(read_workspace())
    plan.check()
    assert plan.review is not None
    assert plan.review_file == beside / "review_actions.yml"


def test_a_wrong_one_stops_the_run_before_anything_lands(beside: Path) -> None:
    file = beside / "review_actions.yml"
    file.write_text(RIGHT.replace("key: win_rate", "key: wine_rate"))
    plan = Plan(read_workspace())
    line = next(n for n, text in enumerate(file.read_text().splitlines(), 1) if "wine_rate" in text)
    with pytest.raises(TerminalError, match=f"review_actions.yml:{line}: `wine_rate` stands on no"):
        plan.check()
    assert plan.landing.loads() == []
