"""The warehouse against the oracle on a small company; `make oracle PEOPLE=…` on large ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.oracle.company import compare
from tests.oracle.comparison import shown
from tests.oracle.warehouse import Builder

if TYPE_CHECKING:
    from pathlib import Path


def test_a_simulated_company_comes_out_as_the_oracle_says(tmp_path: Path) -> None:
    one = compare(tmp_path, "salesforce_marketo", "awful", people=200, builder=Builder(), seed=7)
    assert one.persons > 200
    assert one.transitions > 300
    smallest = sorted(one.found, key=lambda each: len(each.history.rows))[:3]
    assert not one.found, f"{len(one.found)} differ, the smallest:\n" + "\n".join(
        map(shown, smallest)
    )
