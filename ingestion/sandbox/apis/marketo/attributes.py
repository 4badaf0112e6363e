"""The attributes of activities as one JSON text each, made column by column."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from ingestion.sandbox.systems.columns import column

if TYPE_CHECKING:
    from collections.abc import Sequence

_CONTROL = [chr(code) for code in range(0x20)]


def folded(table: pa.Table, fields: Sequence[str]) -> pa.Array:
    """Return an object of the fields that are not empty, as JSON, for each row.

    Fields hold texts, whole numbers or flags.
    """
    parts = [_member(field, column(table[field])) for field in fields]
    if not parts:
        return pa.array(["{}"]).take(pa.array([0] * table.num_rows, pa.int64()))
    # Not null_handling="skip": it loses the rows in which everything is skipped (PyArrow 26.0.1).
    members = pc.binary_join_element_wise(*(part.fill_null("") for part in parts), "")
    members = pc.utf8_ltrim(members, characters=",")
    return pc.binary_join_element_wise("{", members, "}", "")


def _member(field: str, values: pa.Array) -> pa.Array:
    """`,"field":value`, null where there is no value."""
    return pc.binary_join_element_wise(f",{json.dumps(field)}:", _value(values), "")


def _value(values: pa.Array) -> pa.Array:
    if pa.types.is_dictionary(values.type):
        # A handful of words stands for all rows.
        return _value(values.dictionary.cast(pa.string())).take(values.indices)
    if not pa.types.is_string(values.type):
        return values.cast(pa.string())
    escaped = values
    for mark in ("\\", '"'):
        escaped = pc.replace_substring(escaped, mark, f"\\{mark}")
    if pc.any(pc.match_substring_regex(escaped, r"[\x00-\x1f]")).as_py():
        for mark in _CONTROL:
            escaped = pc.replace_substring(escaped, mark, json.dumps(mark)[1:-1])
    quoted = pc.binary_join_element_wise('"', escaped, '"', "")
    # A text of no characters is as empty as none.
    return pc.if_else(pc.equal(values, ""), None, quoted)
