"""The past stays: what is in force may not change, what is not yet in force may."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest

from ingestion.agreement import (
    AgreementError,
    check_past_versions,
    land_agreement,
    read_agreement,
    tables,
)
from ingestion.agreement.content import changes_since, content
from ingestion.landing import Landing

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

BEFORE = date(2024, 6, 30)
AFTER = date(2024, 7, 1)
MEND = (
    "Put it back as it was and add a version with the change, effective from a later day; or start "
    "a new workspace if it was never signed."
)


@pytest.fixture
def landing(tmp_path: Path) -> Landing:
    return Landing(tmp_path / "landing")


@pytest.fixture
def land(landing: Landing, written: Callable[[str], str]) -> Callable[[str, date], int]:
    """Land an agreement text on a day and return how many loads were written."""
    return lambda text, today: len(land_agreement(landing, read_agreement(written(text)), today))


def refused(land: Callable[[str, date], int], text: str, today: date) -> str:
    with pytest.raises(AgreementError) as caught:
        land(text, today)
    return str(caught.value)


def test_all_tables_land_once_under_one_load_id(
    land: Callable[[str, date], int], landing: Landing, base: str, written: Callable[[str], str]
) -> None:
    expected = tables(read_agreement(written(base)))
    assert land(base, BEFORE) == len(expected)
    assert land(base, AFTER) == 0
    assert land("# a comment is no content\n" + base, AFTER) == 0
    loads = landing.loads("agreement")
    assert {one.object for one in loads} == set(expected)
    assert len({one.load_id for one in loads}) == 1
    assert {(one.instance, one.kind) for one in loads} == {("small", "reference")}
    assert all(landing.read(one).equals(expected[one.object]) for one in loads)


def test_a_table_that_a_crash_left_out_is_made_up_for(
    land: Callable[[str, date], int], landing: Landing, base: str, tmp_path: Path
) -> None:
    count = land(base, AFTER)
    for manifest in (tmp_path / "landing" / "agreement" / "small" / "slas").glob("*/manifest.json"):
        manifest.unlink()
    assert land(base, AFTER) == count


def test_a_changed_version_in_force_is_refused_with_what_changed(
    land: Callable[[str, date], int], base: str
) -> None:
    land(base, AFTER)
    changed = base.replace("target: 240", "target: 120").replace("{key: other, label: Other}", "")
    changed = changed.replace("          - \n", "").replace("at_least: 60", "at_least: 50")
    assert refused(land, changed, AFTER) == (
        "agreement.yml:3: version 1 is in force since 2024-01-01 and was changed: "
        "stages.qualified.entered_when.2.score.at_least: 60 → 50; "
        "exits.lost.reasons.other: 'Other' → (not there); "
        f"slas.sales.speed_to_lead.target: 240 → 120. {MEND}"
    )


def test_a_missing_version_in_force_is_refused(
    land: Callable[[str, date], int], base: str, second: str
) -> None:
    land(base + second, AFTER)
    assert refused(land, base, AFTER) == (
        "agreement.yml:1: version 2 is in force since 2024-07-01 and is missing from the file. "
        f"{MEND}"
    )


def test_a_future_version_may_change_move_and_go(
    land: Callable[[str, date], int], base: str, second: str
) -> None:
    assert land(base + second, BEFORE)
    assert land(base + second.replace("Faster", "Better"), BEFORE)
    assert land(base + second.replace("2024-07-01", "2024-08-01"), BEFORE)
    assert land(base, BEFORE)


def test_a_version_is_in_force_on_its_first_day(
    land: Callable[[str, date], int], base: str, second: str
) -> None:
    land(base + second, BEFORE)
    assert "note: Faster. → Better." in refused(
        land, base + second.replace("Faster", "Better"), AFTER
    )


def test_a_version_in_force_cannot_be_moved_into_the_future(
    land: Callable[[str, date], int], base: str
) -> None:
    land(base, AFTER)
    assert "effective_from: 2024-01-01 → 2030-01-01" in refused(
        land, base.replace("effective_from: 2024-01-01", "effective_from: 2030-01-01"), AFTER
    )


def test_a_new_version_is_welcome(land: Callable[[str, date], int], base: str, second: str) -> None:
    land(base, BEFORE)
    assert land(base + second, BEFORE)


def test_another_agreement_is_refused(land: Callable[[str, date], int], base: str) -> None:
    land(base, AFTER)
    assert refused(land, base.replace("name: small", "name: other"), AFTER) == (
        "agreement.yml:1: this workspace is under the agreement 'small', in force since "
        "2024-01-01, and this one is 'other'. Keep the name, or start a new workspace."
    )


def test_nothing_lands_when_refused(
    land: Callable[[str, date], int], landing: Landing, base: str
) -> None:
    land(base, AFTER)
    before = landing.loads()
    refused(land, base.replace("target: 240", "target: 1"), AFTER)
    assert landing.loads() == before


def test_an_empty_landing_has_no_past(
    landing: Landing, base: str, written: Callable[[str], str]
) -> None:
    check_past_versions(landing, read_agreement(written(base)), AFTER)


def test_order_of_keyed_items_and_spelled_out_defaults_are_no_change(
    land: Callable[[str, date], int], base: str
) -> None:
    land(base, AFTER)
    price, other = (
        "          - {key: price, label: Price}\n",
        "          - {key: other, label: Other}\n",
    )
    swapped = base.replace(price + other, other + price)
    assert swapped != base
    # The order of rows in a table is no content either.
    assert land(swapped + "    engine: {debounce_minutes: 5}\n", AFTER) == 0


def test_a_key_that_came_with_newer_software_is_no_change(
    base: str, written: Callable[[str], str]
) -> None:
    version = read_agreement(written(base)).versions[0]
    landed = content(version)
    del landed["engine"]["debounce_minutes"]
    del landed["slas"]["sales"]["speed_to_lead"]["attainment_target"]
    assert changes_since(landed, version) == []
    # Days until content is unused are only said where they are others than the usual ones.
    assert "content_unused_after_days" not in landed["reporting"]
    other = base.replace("currency: USD", "currency: USD\n      content_unused_after_days: 90")
    assert changes_since(landed, read_agreement(written(other)).versions[0]) == [
        "reporting.content_unused_after_days: (not there) → 90"
    ]
    del landed["slas"]["sales"]["speed_to_lead"]["target"]
    assert changes_since(landed, version) == ["slas.sales.speed_to_lead.target: (not there) → 240"]
