"""Streams of chance: one for each noun, so that a change to one leaves the others as they were."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ingestion.sandbox.arrays import Flags, Numbers, Texts


def stream(seed: int, noun: str) -> np.random.Generator:
    """Return the noun's own random numbers; the same seed and noun give the same ones."""
    return np.random.default_rng([seed, zlib.crc32(noun.encode())])


def some(rng: np.random.Generator, size: int, rate: float) -> Flags:
    """Return a flag that is set at this rate; always drawn, so that rates do not shift others."""
    return np.asarray(rng.random(size) < rate)


def one_of(
    rng: np.random.Generator, size: int, values: Sequence[str], weights: Sequence[float] = ()
) -> Texts:
    """Return texts drawn by weight, by default alike."""
    words = np.array(list(values), dtype=object)
    return words[places(rng, size, len(words), weights)]


def places(
    rng: np.random.Generator, size: int, among: int, weights: Sequence[float] = ()
) -> Numbers:
    """Return places from 0 to among - 1, drawn by weight, by default alike."""
    if not weights:
        return rng.integers(0, among, size)
    edges = np.cumsum(np.asarray(weights, dtype=float))
    drawn = np.searchsorted(edges / edges[-1], rng.random(size), side="right")
    return np.minimum(drawn, among - 1)
