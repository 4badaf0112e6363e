"""What the typed models object to, in the words of the file: key, line, and what would be right."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ingestion.agreement.fields import CRITERION_FIELDS
from ingestion.agreement.tree import Fault
from ingestion.agreement.values import closest

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

    from ingestion.agreement.tree import Branch

Location = tuple[int | str, ...]


def shape_faults(errors: list[ErrorDetails], tree: Branch, schema: dict[str, Any]) -> list[Fault]:
    """Return one fault for each error of the models, with the line that it stands on."""
    # pydantic calls a list too short as well when none of its items is right.
    return [
        _fault(error, tree, schema)
        for error in errors
        if not (error["type"] == "too_short" and error["input"])
    ]


def _fault(error: ErrorDetails, tree: Branch, schema: dict[str, Any]) -> Fault:
    location = error["loc"]
    branch = _deepest(tree, location)
    kind = error["type"]
    if kind == "agreement":
        return Fault(branch.line, error["ctx"]["what"], error["ctx"]["mend"])
    if kind == "missing":
        return _missing(location, branch, schema)
    if kind == "extra_forbidden":
        return _unknown(location, branch, schema)
    name = next((str(part) for part in reversed(location) if isinstance(part, str)), "the file")
    wanted = error["msg"].removeprefix("Input should ").removeprefix("have ")
    if kind in {"model_type", "model_attributes_type", "dict_type"}:
        wanted = "be a mapping of keys to values"
    elif kind == "tuple_type":
        wanted = "be a list, like [one, two]"
    elif kind == "string_type":
        wanted = "be text" if error["input"] is None else "be text: put it into quotes"
    elif kind == "too_short":
        wanted = "have at least one entry"
    elif kind == "string_too_short":
        wanted = "be some text"
    return Fault(branch.line, f"'{name}' is {_shown(error['input'])}", f"It should {wanted}.")


def _deepest(tree: Branch, location: Location) -> Branch:
    branch = tree
    for part in location:
        child = branch.child(part)
        if child is None:
            return branch
        branch = child
    return branch


def _missing(location: Location, parent: Branch, schema: dict[str, Any]) -> Fault:
    key = str(location[-1])
    if location[-2:-1] == ("signed",):
        return Fault(
            parent.line,
            f"the sign-off of {key} is missing",
            f"Add '{key}: {{by: <title>, date: <YYYY-MM-DD>}}' under 'signed:'.",
        )
    if key == "signed":
        return Fault(
            parent.line,
            "the sign-off of marketing and of sales is missing",
            "Add 'signed:' with 'marketing:' and 'sales:', each {by: <title>, date: <YYYY-MM-DD>}.",
        )
    meaning = _properties(schema, location[:-1]).get(key, {}).get("description", "")
    hint = f" {meaning}" if meaning else ""
    return Fault(parent.line, f"'{key}:' is missing here", f"Add it.{hint}")


def _unknown(location: Location, branch: Branch, schema: dict[str, Any]) -> Fault:
    key = str(location[-1])
    if any(part in {"entered_when", "left_when"} for part in location[-3:-1]):
        return Fault(
            branch.line,
            f"a criterion cannot look at '{key}'",
            f"Known: {', '.join(CRITERION_FIELDS)}.",
        )
    known = list(_properties(schema, location[:-1]))
    return Fault(branch.line, f"unknown key '{key}'", closest(key, known))


def _properties(schema: dict[str, Any], location: Location) -> dict[str, Any]:
    """Return the keys that may stand at a place, each with its schema."""
    here = _resolved(schema, schema)
    for part in location:
        inner = here.get("items") if isinstance(part, int) else here.get("properties", {}).get(part)
        here = _resolved(inner or {}, schema)
    properties: dict[str, Any] = here.get("properties", {})
    return properties


def _resolved(part: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    for option in part.get("anyOf", ()):
        if option.get("type") != "null":
            return _resolved(option, schema)
    if "$ref" in part:
        return _resolved(schema["$defs"][part["$ref"].rsplit("/", 1)[-1]], schema)
    return part


def _shown(value: Any) -> str:
    if value is None:
        return "empty"
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, tuple):
        return "a list" if value else "an empty list"
    return f"{value!r}" if isinstance(value, str) else str(value).lower()
