"""The folder of the reports: each written whole, `current` switched in one step, the last stay."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from orchestration.disk import sync

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

CURRENT = "current"
INDEX = "index.html"
KEPT = 5

# A draft begins with this, so that nobody takes it for a report.
_DRAFT = ".draft-"


def put(reports: Path, name: str, files: Mapping[str, str], *, is_beside: bool = False) -> Path:
    """Write the files as `<reports>/<name>/`, switch `current` to it, and return the folder.

    The folder is complete and on the disk before it gets its name; one of that name from before is
    replaced. One that is made beside is not switched to. The last five reports stay, and always the
    current one. What a death left half-written is removed. Only the holder of the run lock may call
    this. Raises OSError.
    """
    reports.mkdir(parents=True, exist_ok=True)
    _sweep(reports)
    draft = reports / f"{_DRAFT}{name}"
    draft.mkdir()
    for file, text in files.items():
        path = draft / file
        path.write_text(text, encoding="utf-8")
        sync(path)
    sync(draft)
    place = reports / name
    if place.exists():
        _remove(place)
    draft.rename(place)
    sync(reports)
    if not is_beside:
        _switch(reports, name)
    _retire(reports)
    return place


def drop(reports: Path) -> int:
    """Remove all reports and return how many there were: they tell of somebody who is erased."""
    if not reports.is_dir():
        return 0
    (reports / CURRENT).unlink(missing_ok=True)
    found = names(reports)
    for name in found:
        _remove(reports / name)
    _sweep(reports)
    return len(found)


def names(reports: Path) -> list[str]:
    """Return the names of the reports, oldest first: they begin with the time of publication."""
    if not reports.is_dir():
        return []
    return sorted(
        path.name
        for path in reports.iterdir()
        if not path.is_symlink() and (path / INDEX).is_file() and not path.name.startswith(_DRAFT)
    )


def _switch(reports: Path, name: str) -> None:
    link = reports / f"{_DRAFT}{CURRENT}"
    link.symlink_to(name)
    link.replace(reports / CURRENT)
    sync(reports)


def _retire(reports: Path) -> None:
    served = (reports / CURRENT).resolve().name
    for name in names(reports)[:-KEPT]:
        if name != served:
            _remove(reports / name)


def _remove(path: Path) -> None:
    # Renamed first: a crash half-way through leaves a draft, which the next one removes.
    shutil.rmtree(path.rename(path.with_name(f"{_DRAFT}old-{path.name}")))


def _sweep(reports: Path) -> None:
    for left_over in reports.glob(f"{_DRAFT}*"):
        if left_over.is_symlink():
            left_over.unlink()
        else:
            shutil.rmtree(left_over)
