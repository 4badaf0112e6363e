from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest

from tests.truth.companies import feed, run, write

if TYPE_CHECKING:
    from tests.truth.companies import Company

PEOPLE = 150


@pytest.fixture(scope="session")
def full(tmp_path_factory: pytest.TempPathFactory) -> Company:
    """A company without any mess, read from one full export."""
    company = write(tmp_path_factory.mktemp("full"), "full", mess="clean", people=PEOPLE)
    run(company)
    return company


@pytest.fixture(scope="session")
def daily(tmp_path_factory: pytest.TempPathFactory) -> Company:
    """The same company, read from nine daily exports: everything at first, then what is new."""
    company = write(
        tmp_path_factory.mktemp("daily"),
        "daily",
        mess="clean",
        people=PEOPLE,
        daily_from=date(2025, 12, 23),
    )
    feed(company)
    return company
