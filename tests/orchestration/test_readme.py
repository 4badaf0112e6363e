"""What the README tells people to type works as it stands there."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from ingestion.agreement import read_agreement
from orchestration.query import query
from orchestration.workspace import PROJECT

if TYPE_CHECKING:
    from pathlib import Path

    from tests.orchestration.conftest import Ran

README = (PROJECT / "README.md").read_text(encoding="utf-8")
QUERIES = re.findall(r'make query (?:DATA=\S+ )?SQL="([^"…]+)"', README)


def test_the_version_that_the_readme_adds_is_right_and_changes_what_it_says(
    tmp_path: Path,
) -> None:
    (block,) = re.findall(r"```yaml\n(  - version: 2\n.*?)```", README, re.DOTALL)
    agreement = tmp_path / "agreement.yml"
    agreement.write_text((PROJECT / "agreement.yml").read_text(encoding="utf-8") + block)
    before, after = read_agreement(agreement).versions
    changed = {
        one.key
        for one, other in zip(after.stages, before.stages, strict=True)
        if one.model_dump(exclude={"description"}) != other.model_dump(exclude={"description"})
    }
    assert changed == {"marketing_qualified"}
    assert after.exits == before.exits


def test_the_readme_has_queries() -> None:
    assert len(QUERIES) == 5


@pytest.mark.parametrize("sql", QUERIES)
def test_each_query_of_the_readme_runs(ran: Ran, sql: str) -> None:
    assert query(ran.workspace, sql)
