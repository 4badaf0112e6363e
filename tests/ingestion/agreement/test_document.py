"""The page that both teams read and sign."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from ingestion.agreement import document, read_agreement

if TYPE_CHECKING:
    from collections.abc import Callable


def test_the_page_says_it_in_plain_words(base: str, written: Callable[[str], str]) -> None:
    page = document(read_agreement(written(base)))
    for line in (
        "| Marketing | Head of Marketing | 2023-12-01 | ________________ |",
        "| Sales | Head of Sales | 2023-12-01 | ________________ |",
        (
            "| 10 | **Qualified** (`qualified`) | - | marketing | status is marketing qualified; "
            "or score is at least 60 (in marketing) | any system |"
        ),
        "| **Lost** (`lost`) | sales | opportunity is lost | no | Price, Other |",
        "A pass never ends by silence.",
        (
            "| **First attempt** | time to the first human attempt | at most 4 business hours | "
            "100 % | month | Qualified → first attempt, Office | - |"
        ),
        "| mon-fri | 09:00-17:00 |",
        "| 2024-12-25 | Christmas Day |",
        "| Region | owner region |",
    ):
        assert line in page.splitlines()
    assert [line for line in page.splitlines() if line.startswith("## ")] == [
        "## Stages",
        "## Exits",
        "## What qualifies a lead",
        "## Buyer profiles",
        "## Hand-off",
        "## SLAs",
        "## Calendars",
        "## Activities",
        "## How histories are read",
        "## Reporting",
        "## Publication",
    ]


def test_the_version_in_force_comes_first(
    base: str, second: str, written: Callable[[str], str]
) -> None:
    agreement = read_agreement(written(base + second))
    early, late = (document(agreement, day) for day in (date(2024, 6, 30), date(2024, 7, 1)))
    assert (
        "version 1, in force from 2024-01-01 (America/New_York) and for all time before until"
        in (early.splitlines()[2])
    )
    assert "version 2, in force from 2024-07-01" in late.splitlines()[2]
    assert document(agreement) == late


def test_other_versions_are_told_by_what_changed(
    base: str, second: str, written: Callable[[str], str]
) -> None:
    page = document(read_agreement(written(base + second + "    slas: {}\n")))
    history = page[page.index("## All versions") :]
    assert "Changed against version 1:" in history
    assert "- `slas.sales.speed_to_lead`: 'First attempt' → (not there)" in history
    assert "- `exits.lost`: 'Lost' → (not there)" in history
    assert "The first version." in history
    assert "effective_from" not in history


def test_a_pipe_in_a_label_keeps_the_table(base: str, written: Callable[[str], str]) -> None:
    page = document(read_agreement(written(base.replace("label: Won", "label: Won | closed"))))
    assert "**Won \\| closed** (`won`)" in page
