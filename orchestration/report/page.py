"""A page of the report."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from orchestration.report.figure import Figure
    from orchestration.report.reading import Reading


@dataclass(frozen=True, kw_only=True)
class Page:
    """A page: `<key>.html`, its title, what it is for, and the figures that it makes of a reading.

    `needs` are the tables that it cannot do without: where a publication lacks one, the page is
    left out, and that is told.
    """

    key: str
    title: str
    lead: str
    needs: tuple[str, ...]
    figures: Callable[[Reading], Iterable[Figure]]
