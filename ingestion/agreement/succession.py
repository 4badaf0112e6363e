"""What must hold from one version to the next."""

from __future__ import annotations

from datetime import date
from itertools import pairwise
from typing import TYPE_CHECKING

from ingestion.agreement.problem import Fault

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ingestion.yaml_tree import Branch


def succession_faults(versions: tuple[Branch, ...]) -> list[Fault]:
    """Return what is wrong with the order of the versions and with the stages they drop."""
    return [*_numbers(versions), *_dates(versions), *_lost_stages(versions)]


def _numbers(versions: tuple[Branch, ...]) -> Iterator[Fault]:
    for earlier, later in pairwise(versions):
        before, after = earlier.child("version"), later.child("version")
        if before is None or after is None:
            continue
        if not (isinstance(before.value, int) and isinstance(after.value, int)):
            continue
        if after.value <= before.value:
            yield Fault(
                after.line,
                f"version {after.value} stands after version {before.value}",
                "Number the versions upwards, oldest first.",
            )


def _dates(versions: tuple[Branch, ...]) -> Iterator[Fault]:
    for earlier, later in pairwise(versions):
        before, after = earlier.text("effective_from"), later.text("effective_from")
        if before is None or after is None or not (_is_day(before) and _is_day(after)):
            continue
        if after > before:
            continue
        number = later.child("version")
        yield Fault(
            later.line_of("effective_from"),
            f"version {number.value if number else '?'} takes effect on {after}, "
            + (
                "the same day as the version before it: the two overlap"
                if after == before
                else f"before the version above it ({before})"
            ),
            "Give each version a later day than the one before it.",
        )


def _is_day(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _lost_stages(versions: tuple[Branch, ...]) -> Iterator[Fault]:
    for earlier, later in pairwise(versions):
        keys = {stage.text("key") for stage in later.items("stages")}
        for stage in earlier.items("stages"):
            key = stage.text("key")
            if key and keys and key not in keys:
                yield Fault(
                    later.line_of("stages"),
                    f"stage '{key}' of the version before is missing here",
                    "A stage that is dropped stays in the list with 'moves_to:', so that whoever "
                    "stands in it goes somewhere.",
                )
