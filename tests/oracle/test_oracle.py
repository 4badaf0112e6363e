"""The warehouse against the oracle on random histories; `make oracle` does the same at length."""

from __future__ import annotations

import pytest

from tests.oracle.comparison import differences, shown
from tests.oracle.generator import histories
from tests.oracle.warehouse import Builder

# A build of these takes 10 s on two cores; a rare interplay needs `make oracle`.
_HISTORIES = 500


@pytest.mark.parametrize("loads", [1, 3], ids=["in one full export", "in three increments"])
def test_random_histories_come_out_as_the_oracle_says(loads: int) -> None:
    numbered = enumerate(histories(_HISTORIES, seed=1))
    found = differences(numbered, Builder(seed=loads, loads=loads))
    smallest = sorted(found, key=lambda one: len(one.history.rows))[:3]
    assert not found, f"{len(found)} differ, the smallest:\n" + "\n".join(map(shown, smallest))
