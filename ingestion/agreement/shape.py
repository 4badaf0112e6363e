"""What the typed models object to, in the words of the file: key, line, and what would be right."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ingestion.agreement.criteria import FORMS, GROUPS
from ingestion.agreement.problem import Fault
from ingestion.agreement.values import advice
from ingestion.yaml_tree import WRONG, closest, fields_at, name_at

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

    from ingestion.yaml_tree import Branch, Location


def shape_faults(errors: list[ErrorDetails], tree: Branch, schema: dict[str, Any]) -> list[Fault]:
    """Return one fault for each error of the models, with the line that it stands on."""
    return [_fault(error, tree, schema) for error in errors]


def _fault(error: ErrorDetails, tree: Branch, schema: dict[str, Any]) -> Fault:
    location = error["loc"]
    branch = tree.at(location)
    kind = error["type"]
    if kind == WRONG:
        return Fault(branch.line, error["ctx"]["what"], error["ctx"]["mend"])
    if kind == "missing":
        return _missing(location, branch, schema)
    if kind == "extra_forbidden":
        return _unknown(location, branch, schema)
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
    what = f"'{name_at(location)}' is {_shown(error['input'])}"
    return Fault(branch.line, what, f"It should {wanted}.")


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
    meaning = fields_at(schema, location[:-1]).get(key, {}).get("description", "")
    hint = f" {meaning}" if meaning else ""
    return Fault(parent.line, f"'{key}:' is missing here", f"Add it.{hint}")


def _unknown(location: Location, branch: Branch, schema: dict[str, Any]) -> Fault:
    key = str(location[-1])
    if _is_in_criterion(location):
        near = closest(key, FORMS)
        return Fault(
            branch.line,
            f"a criterion cannot look at '{key}'",
            f"Did you mean '{near}'?" if near else f"Known: {', '.join(FORMS)}.",
        )
    known = list(fields_at(schema, location[:-1]))
    return Fault(branch.line, f"unknown key '{key}'", advice(key, known))


def _is_in_criterion(location: Location) -> bool:
    lists = [n for n, step in enumerate(location) if step in {"entered_when", "left_when"}]
    if not lists:
        return False
    return all(isinstance(step, int) or step in GROUPS for step in location[lists[-1] + 1 : -1])


def _shown(value: Any) -> str:
    if value is None:
        return "empty"
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, tuple):
        return "a list" if value else "an empty list"
    return f"{value!r}" if isinstance(value, str) else str(value).lower()
