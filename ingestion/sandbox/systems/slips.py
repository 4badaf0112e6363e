"""Slips of the hand: values that flicker, changes that share a second."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ingestion.sandbox.chance import some
from ingestion.sandbox.clock import MINUTE

if TYPE_CHECKING:
    from ingestion.sandbox.arrays import Flags, Moments, Numbers
    from ingestion.sandbox.settings import Settings

# There, back and there again; well inside the five minutes that the agreement calls a slip.
_BACK_AFTER, _THERE_AFTER = 1 * MINUTE, 2 * MINUTE
# More seconds than any moment has: 92 million records have room in 64 bits.
_SPAN = 10**11


@dataclass(frozen=True)
class Changes:
    """One entry per change of one field in every array, sorted by record and time."""

    record: Numbers
    at: Moments
    old: Numbers  # codes of values
    new: Numbers

    def __len__(self) -> int:
        return len(self.record)


def chain(first: Numbers, record: Numbers, at: Moments, new: Numbers) -> Changes:
    """Sort changes and give each the value before it; those that change nothing are left out.

    `first` is each record's first value. Of changes in one second the later given comes later.
    """
    order = np.lexsort((np.arange(len(at)), at, record))
    record, at, new = record[order], at[order], new[order]
    old = _before(first, record, new)
    changes = old != new
    # What is left out changed nothing, so the values before the others stay.
    return Changes(record[changes], at[changes], old[changes], new[changes])


def flicker(
    rng: np.random.Generator,
    first: Numbers,
    changes: Changes,
    settings: Settings,
    spared: tuple[int, ...] = (),
) -> Changes:
    """Let a share of the changes be undone after a minute and done again after another.

    `spared` are the values that cannot be undone.
    """
    rate, end = settings.mess.flicker, settings.end
    size = len(changes)
    later = np.append(changes.at[1:], np.inf)
    is_last = np.diff(changes.record, append=-1) != 0
    room = np.where(is_last, np.inf, later) - changes.at
    slips = some(rng, size, rate) & (room > 2 * _THERE_AFTER)
    slips &= (changes.at + _THERE_AFTER < end) & ~np.isin(changes.new, spared)
    record = np.concatenate([changes.record, changes.record[slips], changes.record[slips]])
    at = np.concatenate(
        [changes.at, changes.at[slips] + _BACK_AFTER, changes.at[slips] + _THERE_AFTER]
    )
    new = np.concatenate([changes.new, changes.old[slips], changes.new[slips]])
    return chain(first, record, at, new)


def keys(record: Numbers, at: Moments) -> Numbers:
    """Return one number for each record and moment, in the order of both."""
    return record * _SPAN + at.astype(np.int64)


def in_one_second(
    rng: np.random.Generator, sooner: Moments, later: Moments, rate: float
) -> Moments:
    """Return the sooner moments, some of them as late as the later ones: one save, two stamps."""
    meets: Flags = some(rng, len(sooner), rate) & (sooner <= later)
    return np.where(meets, later, sooner)


def _before(first: Numbers, record: Numbers, new: Numbers) -> Numbers:
    is_first = np.diff(record, prepend=-1) != 0
    return np.where(is_first, first[record], np.roll(new, 1))
