"""Who begins a round."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ingestion.sandbox.arrays import Moments, Numbers


@dataclass(frozen=True)
class Starts:
    """One entry per human in every array: when their round of this number begins, and by whom."""

    number: int
    human: Numbers
    begins_at: Moments
    entry: Numbers  # MARKETING, SALES_LEAD or SALES_CONTACT

    def __len__(self) -> int:
        return len(self.human)
