"""The period of an extract's filter."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ingestion.sandbox.apis.marketo.refusal import Refusal, blank
from ingestion.sandbox.apis.marketo.stamps import whole_second
from ingestion.sandbox.clock import DAY

if TYPE_CHECKING:
    from ingestion.sandbox.apis.marketo.options import MarketoOptions
    from ingestion.sandbox.arrays import Flags, Moments


@dataclass(frozen=True)
class Period:
    """From startAt on until endAt, in seconds since 1970."""

    start: float
    end: float
    includes_end: bool

    def holds(self, moments: Moments) -> Flags:
        """Return which of the moments are in it."""
        until = moments <= self.end if self.includes_end else moments < self.end
        return (self.start <= moments) & until


def period_of(filter_: object, name: str, options: MarketoOptions) -> Period:
    """Return the period of a filter's value.

    Raises Refusal 701 without startAt or endAt, 704 for one that is no date or has milliseconds,
    1003 for one that ends before it begins or is too long.
    """
    told = filter_ if isinstance(filter_, dict) else {}
    for end in ("startAt", "endAt"):
        if not told.get(end):
            raise blank(f"{name}.{end}")
    start, end_ = whole_second(told["startAt"]), whole_second(told["endAt"])
    if end_ < start:
        raise Refusal("1003", f"{name}: endAt is before startAt")
    if end_ - start > options.longest_range * DAY:
        raise Refusal("1003", f"{name}: a range of more than {options.longest_range:g} days")
    return Period(start, end_, options.includes_end)
