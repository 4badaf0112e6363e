"""WHERE, checked against the fields of an object and evaluated over whole columns."""

from __future__ import annotations

from datetime import datetime
from functools import reduce
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from ingestion.sandbox.apis.salesforce.refusal import Refusal
from ingestion.sandbox.apis.salesforce.soql import Combination
from ingestion.sandbox.apis.salesforce.tokens import located
from ingestion.sandbox.systems.columns import column

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ingestion.sandbox.apis.salesforce.fields import Field
    from ingestion.sandbox.apis.salesforce.soql import Comparison, Condition
    from ingestion.sandbox.apis.salesforce.tokens import Token, Value

_IDS = {"id", "reference"}
_SHORT_ID = 15  # characters that tell a record; the rest is their checksum
# Per type of field: what its literals must be; all others are texts.
_KINDS = {
    "boolean": ("boolean", "word"),
    "currency": ("double", "number"),
    "date": ("date", "date"),
    "datetime": ("dateTime", "datetime"),
    "double": ("double", "number"),
    "int": ("int", "number"),
    "percent": ("double", "number"),
}
_ARROW = {"datetime": pa.timestamp("us"), "date": pa.date32(), "number": pa.float64(),
          "word": pa.bool_(), "text": pa.string()}  # fmt: skip
_OPERATORS: dict[str, Callable[[pa.Array, pa.Scalar], pa.Array]] = {
    "=": pc.equal,
    "!=": pc.not_equal,
    "<": pc.less,
    "<=": pc.less_equal,
    ">": pc.greater,
    ">=": pc.greater_equal,
}


def comparisons(condition: Condition | None) -> Iterator[Comparison]:
    """Give all comparisons of a condition, in their order."""
    if isinstance(condition, Combination):
        for part in condition.parts:
            yield from comparisons(part)
    elif condition is not None:
        yield condition


def check(text: str, comparison: Comparison, field: Field) -> None:
    """Raise Refusal, INVALID_FIELD, if a query must not compare its field with these literals."""
    at, name = comparison.field.at, field.name
    if not field.is_filterable:
        message = f"field '{name}' can not be filtered in a query call"
        raise Refusal(400, "INVALID_FIELD", located(text, at, message))
    told, kind = _KINDS.get(field.type, ("string", "text"))
    for literal in comparison.values:
        if _is_null(literal) or (literal.kind == kind):
            continue
        quotes = "enclosed" if kind == "text" else "and should not be enclosed"
        filters = f"value of filter criterion for field '{name}'"
        message = f"{filters} must be of type {told} {quotes} in quotes"
        raise Refusal(400, "INVALID_FIELD", located(text, at, message))
    if kind != "text" and comparison.operator == "like":
        message = f"invalid operator on {told} field"
        raise Refusal(400, "INVALID_QUERY_FILTER_OPERATOR", located(text, at, message))


def holds(condition: Condition, rows: pa.Table, fields: dict[str, Field]) -> pa.Array:
    """Return for each row whether the condition holds; `fields` by their names in lower case.

    Texts are compared whatever their case, ids by their first 15 characters. Nothing is larger or
    smaller than null; null is different from everything else.
    """
    if isinstance(condition, Combination):
        parts = [holds(part, rows, fields) for part in condition.parts]
        if condition.operator == "not":
            return pc.invert(parts[0])
        return reduce(pc.and_ if condition.operator == "and" else pc.or_, parts)
    field = fields[condition.field.text.lower()]
    return _compared(condition, column(rows[field.name]), field)


def _compared(condition: Comparison, values: pa.Array, field: Field) -> pa.Array:
    form = _form(field)
    shown = form(values)
    operator = condition.operator
    if operator in {"in", "not in"}:
        found = _any_of(shown, [_scalar(one, form) for one in condition.values])
        return found if operator == "in" else pc.invert(found)
    literal = condition.values[0]
    if operator == "like":
        return pc.match_like(shown, str(literal.value), ignore_case=True).fill_null(False)
    if _is_null(literal):
        empty = shown.is_null()
        return {"=": empty, "!=": pc.invert(empty)}.get(operator, pa.array([False] * len(shown)))
    compared = _OPERATORS[operator](shown, _scalar(literal, form))
    return compared.fill_null(operator == "!=")


def _any_of(shown: pa.Array, wanted: list[pa.Scalar]) -> pa.Array:
    kind = shown.type
    values = pa.array([one.as_py() for one in wanted], pa.timestamp("us") if
                      pa.types.is_timestamp(kind) else kind)  # fmt: skip
    return pc.is_in(shown.cast(values.type), value_set=values)


def _form(field: Field) -> Callable[[pa.Array], pa.Array]:
    """How the values of a field are made comparable."""
    if field.type in _IDS:
        return lambda values: pc.utf8_slice_codeunits(_plain(values), 0, _SHORT_ID)
    if field.type in _KINDS:
        return _plain
    return lambda values: pc.utf8_lower(_plain(values))


def _plain(values: pa.Array) -> pa.Array:
    kind = values.type
    if pa.types.is_dictionary(kind):
        return values.cast(pa.string())
    return values.cast(pa.float64()) if pa.types.is_integer(kind) else values


def _scalar(literal: Token, form: Callable[[pa.Array], pa.Array]) -> pa.Scalar:
    value: Value = None if _is_null(literal) else literal.value
    kind = _ARROW["text" if value is None else literal.kind]
    if isinstance(value, datetime):
        return pa.scalar(value, kind)
    return form(pa.array([value], kind))[0]


def _is_null(literal: Token) -> bool:
    return literal.kind == "word" and literal.text.lower() == "null"
