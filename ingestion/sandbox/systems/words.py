"""Texts from small vocabularies, kept as codes until a file is written."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ingestion.sandbox.arrays import Flags, Numbers, Texts


def coded(code: Numbers, words: Sequence[str], where: Flags | None = None) -> pa.Array:
    """Return the word of each code as a dictionary array, null where the flag is not set."""
    missing = None if where is None else ~where
    places = pa.array(code.astype(np.int32), mask=missing)
    return pa.DictionaryArray.from_arrays(places, pa.array(list(words), pa.string()))


def said(texts: Texts) -> Texts:
    """Return the texts, None for empty ones."""
    told = texts.copy()
    told[texts == ""] = None
    return told


def labelled(keys: Texts, labels: Mapping[str, str]) -> Texts:
    """Return the label of each key, None for None."""
    found = np.full(len(keys), None, dtype=object)
    for key, label in labels.items():
        found[keys == key] = label
    return found
