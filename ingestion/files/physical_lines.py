"""Physical lines of a text file: how many there are, which are empty, where a byte stands.

A reader that skips blank lines, keeps line breaks inside quotes and drops malformed records does
not tell where a record started. These functions do, from the bytes alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import numpy.typing as npt

    Integers = npt.NDArray[np.int64]

_CHUNK = 1 << 22
_LINE_FEED, _CARRIAGE_RETURN = 10, 13


@dataclass(frozen=True)
class LineCount:
    """Number of physical lines, and the byte that ends each (a CRLF ends in its line feed)."""

    lines: int
    line_end: int


def count_lines(path: Path) -> LineCount:
    """Count the physical lines of a plain file; the last one may lack its end."""
    ends, last = _count(path, _LINE_FEED)
    line_end = _LINE_FEED
    if ends == 0:
        returns, last = _count(path, _CARRIAGE_RETURN)
        if returns:
            ends, line_end = returns, _CARRIAGE_RETURN
    return LineCount(ends + (last not in (b"", bytes([line_end]))), line_end)


@dataclass(frozen=True)
class LineIndex:
    """Lines count from 1. `empty` are the lines without a character, sorted."""

    empty: Integers
    of_offsets: Integers


def index_lines(
    path: Path, line_end: int, offsets: Integers, chunk_bytes: int = _CHUNK
) -> LineIndex:
    """Return the empty lines of a plain file and the line of each of the sorted byte offsets."""
    empty: list[Integers] = []
    of_offsets = np.empty(len(offsets), dtype=np.int64)
    base, line, done = 0, 1, 0
    start = 0  # of the line that is being read
    before = -1  # last byte of the chunk before
    for chunk in _arrays(path, chunk_bytes):
        ends = np.flatnonzero(chunk == line_end) + base
        starts = np.concatenate(([start], ends[:-1] + 1)) if len(ends) else ends
        previous = np.where(ends > base, chunk[np.maximum(ends - base, 1) - 1], before)
        length = ends - starts
        is_empty = (length == 0) | ((length == 1) & (previous == _CARRIAGE_RETURN))
        empty.append(np.flatnonzero(is_empty) + line)
        until = int(np.searchsorted(offsets, base + len(chunk)))
        here = offsets[done:until]
        of_offsets[done:until] = line + np.searchsorted(ends, here)
        done = until
        line += len(ends)
        start = int(ends[-1]) + 1 if len(ends) else start
        base += len(chunk)
        before = int(chunk[-1])
    of_offsets[done:] = line
    found = np.concatenate(empty) if empty else np.empty(0, dtype=np.int64)
    return LineIndex(found.astype(np.int64), of_offsets)


def record_lines(
    first: int, count: int, long_records: Integers, long_spans: Integers, skipped: Integers
) -> Integers:
    """Return the line on which each of `count` records starts, from record `first` (from 0) on.

    Records follow each other on the lines that are not skipped. `long_records` (sorted) are those
    that take more than one such line, `long_spans` how many; `skipped` are the sorted lines on
    which no record of this kind stands: the header, empty lines, malformed records.
    """
    numbers = np.arange(first, first + count, dtype=np.int64)
    extra = np.concatenate(([0], np.cumsum(long_spans - 1)))
    order = numbers + extra[np.searchsorted(long_records, numbers)]
    # Line of the n-th line that is not skipped: n plus the skipped ones before it.
    thresholds = skipped - 1 - np.arange(len(skipped))
    lines: Integers = order + 1 + np.searchsorted(thresholds, order, side="right")
    return lines


def _count(path: Path, line_end: int) -> tuple[int, bytes]:
    mark = bytes([line_end])
    ends, last = 0, b""
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            ends += chunk.count(mark)
            last = chunk[-1:]
    return ends, last


def _arrays(path: Path, chunk_bytes: int) -> Iterator[npt.NDArray[np.uint8]]:
    with path.open("rb") as file:
        while chunk := file.read(chunk_bytes):
            yield np.frombuffer(chunk, dtype=np.uint8)
