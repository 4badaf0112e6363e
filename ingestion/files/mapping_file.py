"""The file of a mapping, read so that every complaint names its line.

It is checked by a pydantic model; `problems` turns what the model says into one line for each
problem: `<file>:<line>: what. what would be right`. A field's `description` in the model is the
"what would be right" of that field, so write it as such.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import InitErrorDetails
from ruamel.yaml.error import YAMLError

from ingestion.errors import TerminalError
from ingestion.yaml_tree import (
    WRONG,
    Problem,
    closest,
    fields_at,
    grown,
    model_errors,
    name_at,
    wrong,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from pydantic_core import ErrorDetails

    from ingestion.yaml_tree import Branch, Location, Repeat

_REPEATED_NAMES = 12  # more allowed names than this do not help in a message


class YamlError(TerminalError):
    """A file that people wrote is wrong; str() lists every problem on a line of its own."""

    def __init__(self, problems: Sequence[str], *, where: str) -> None:
        super().__init__("", where=where, mend="")
        self.problems = tuple(problems)
        self.what = "\n".join(problems)
        self.mend = "Correct the lines above"
        self.args = (self.what,)


@dataclass(frozen=True)
class Lines:
    """Where each value of a file stands, and what stands there twice."""

    file: str
    tree: Branch
    repeats: tuple[Repeat, ...] = ()

    def at(self, location: Iterable[str | int]) -> int:
        """Return the line of a location; steps that the file does not have are passed over."""
        return self.tree.at(location).line


class Strict(BaseModel):
    """A model of a piece of YAML: unknown keys are problems, values never change type quietly."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=False)


def load_yaml(path: Path) -> tuple[Any, Lines]:
    """Read a YAML file as plain values and its lines; keys, dates and times stay text as written.

    A key that is given twice is kept as a repeat in the lines, so that it is reported together
    with the other problems. Raises YamlError if the file cannot be read or is no YAML.
    """
    file = str(path)
    try:
        tree, repeats = grown(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        what = f"cannot be read ({error.strerror})"
        raise _refusal(file, 1, what, "Check the name and the access rights") from error
    except UnicodeDecodeError as error:
        what = f"byte {error.start} is not UTF-8"
        raise _refusal(file, 1, what, "Save the file as UTF-8") from error
    except YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        what = f"is no YAML ({getattr(error, 'problem', None) or str(error).splitlines()[0]})"
        mend = "Correct the indentation, quotes or colons here"
        raise _refusal(file, mark.line + 1 if mark else 1, what, mend) from error
    # What is said of the file as a whole stands on its first line, above any comments.
    return tree.plain(list), Lines(file, replace(tree, line=1), tuple(repeats))


def problem(location: Location, what: str, mend: str) -> InitErrorDetails:
    """Return one problem for `fail`; the location is relative to the validator that fails.

    The location is one of keys and positions, `what` and `mend` are sentences without full stop.
    """
    return InitErrorDetails(type=wrong(what, mend), loc=location, input=None)


def fail(found: Sequence[InitErrorDetails]) -> None:
    """Raise all problems at once from inside a pydantic validator; nothing if there are none."""
    if found:
        raise ValidationError.from_exception_data("problems", list(found))


def problems(
    error: ValidationError | None, lines: Lines, model: type[BaseModel] | None = None
) -> list[str]:
    """Return every problem as `<file>:<line>: what. what would be right`, sorted by line.

    Keys given twice are among them. With the model the messages know the names that are allowed
    and the descriptions of the fields.
    """
    found = [Problem(lines.file, one.line, *_explain_repeat(one)) for one in lines.repeats]
    if error is not None:
        schema = {} if model is None else model.model_json_schema()
        found += [
            Problem(lines.file, lines.at(one["loc"]), *_explain(one, schema))
            for one in model_errors(error)
        ]
    return [str(one) for one in sorted(dict.fromkeys(found), key=lambda one: one.line)]


def did_you_mean(name: str, candidates: Iterable[str]) -> str:
    """Return the sentence that helps somebody who wrote a name that does not exist."""
    known = list(candidates)
    near = closest(name, known)
    if near is not None:
        return f"Did you mean `{near}`?"
    if len(known) > _REPEATED_NAMES:
        known = [*known[:_REPEATED_NAMES], "…"]
    return "Known are " + ", ".join(known)


def _refusal(file: str, line: int, what: str, mend: str) -> YamlError:
    return YamlError([str(Problem(file, line, what, mend))], where=file)


def _explain_repeat(repeat: Repeat) -> tuple[str, str]:
    if repeat.key is None:
        return "an alias stands inside its own anchor", "Spell the part out"
    return f"`{repeat.key}` is given twice, first in line {repeat.first}", "Keep one of the two"


def _explain(error: ErrorDetails, schema: dict[str, Any]) -> tuple[str, str]:
    """What is wrong, and what would be right."""
    location, given = error["loc"], error["input"]
    name, wanted = name_at(location), _wanted(schema, location)
    match error["type"]:
        case kind if kind == WRONG:
            found = error["ctx"]["what"], error["ctx"]["mend"]
        case "extra_forbidden":
            known = fields_at(schema, location[:-1])
            found = f"unknown key `{name}`", did_you_mean(name, known)
        case "missing":
            found = f"`{name}` is missing", f"Add `{name}`" + (f": {wanted}" if wanted else "")
        case "literal_error" | "enum":
            expected = re.findall(r"'([^']*)'", error["ctx"]["expected"])
            found = f"`{name}` is {_shown(given)}", did_you_mean(str(given), expected)
        case "string_type" if isinstance(given, bool | int | float):
            text = str(given).lower() if isinstance(given, bool) else str(given)
            found = f"`{name}` is {text}, which is no text", f'Put it in quotes: "{text}"'
        case "value_error":
            found = f"`{name}`: {error['ctx']['error']}", wanted or "Correct it"
        case _:
            said = error["msg"][0].lower() + error["msg"][1:]
            found = f"`{name}` is {_shown(given)}: {said}", wanted or "Correct it"
    return found


def _wanted(schema: dict[str, Any], location: Location) -> str:
    """Description of the field that a location is in."""
    for depth in reversed(range(len(location))):
        field = fields_at(schema, location[:depth]).get(str(location[depth]))
        if field is not None:
            return str(field.get("description", ""))
    return ""


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        return "a table of keys"
    if isinstance(value, list):
        return "a list"
    return "empty" if value is None else f"'{value}'"
