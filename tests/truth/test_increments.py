from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.truth.increments import affected, differences

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.long
def test_increments_equal_a_full_refresh(tmp_path: Path) -> None:
    found = differences(tmp_path, "awful", 4, people=150, seed=3, is_shuffled=False)
    assert found == {}
    computed, known = affected(tmp_path / "awful_increments" / "increments.duckdb")
    assert 0 < computed < known / 2


def test_increments_in_any_order_equal_a_full_refresh(tmp_path: Path) -> None:
    assert differences(tmp_path, "usual", 3, people=150, seed=4, is_shuffled=True) == {}
