"""YAML that people write: read with line numbers, so that every complaint names its line.

A file is checked by a pydantic model; `problems` turns what the model says into one line for
each problem: `<file>:<line>: what. what would be right`. A field's `description` in the model is
the "what would be right" of that field, so write it as such.
"""

from __future__ import annotations

import difflib
import re
import types
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import InitErrorDetails, PydanticCustomError
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, ScalarNode, SequenceNode

from ingestion.errors import TerminalError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from pydantic.fields import FieldInfo

Location = tuple[str | int, ...]

_PROBLEM = "problem"  # type of the errors that `problem` makes
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
    """Where each value of a YAML file stands: path of keys and positions -> line, first is 1."""

    file: str
    by_location: Mapping[Location, int]
    duplicates: tuple[str, ...] = ()

    def at(self, location: Iterable[str | int]) -> int:
        """Return the line of a location; steps that the file does not have are passed over."""
        known: Location = ()
        for step in location:
            if (*known, step) in self.by_location:
                known = (*known, step)
        return self.by_location.get(known, 1)

    def say(self, location: Iterable[str | int], what: str, mend: str) -> str:
        """Return `<file>:<line>: what. mend` for a location."""
        return f"{self.file}:{self.at(location)}: {what}. {mend}"


class Strict(BaseModel):
    """A model of a piece of YAML: unknown keys are problems, values never change type quietly."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=False)


def load_yaml(path: Path) -> tuple[Any, Lines]:
    """Read a YAML file as plain values and its lines; keys, dates and times stay text as written.

    A key that is given twice is kept as a problem in the lines, so that it is reported together
    with the others. Raises YamlError if the file cannot be read or is no YAML.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise YamlError(
            [f"{path}:1: cannot be read ({error.strerror}). Check the name and the access rights"],
            where=str(path),
        ) from error
    except UnicodeDecodeError as error:
        raise YamlError(
            [f"{path}:1: byte {error.start} is not UTF-8. Save the file as UTF-8"],
            where=str(path),
        ) from error
    yaml = YAML(typ="safe", pure=True)
    try:
        root = yaml.compose(text)
    except YAMLError as error:
        raise YamlError([_syntax_problem(path, error)], where=str(path)) from error
    reader = _Reader(str(path), yaml, {(): 1}, [])
    data = reader.value(root, ())
    return data, Lines(str(path), reader.by_location, tuple(reader.duplicates))


def problem(location: Location, what: str, mend: str) -> InitErrorDetails:
    """Return one problem for `fail`; the location is relative to the validator that fails.

    The location is one of keys and positions, `what` and `mend` are sentences without full stop.
    """
    error = PydanticCustomError(_PROBLEM, "{what}. {mend}", {"what": what, "mend": mend})
    return InitErrorDetails(type=error, loc=location, input=None)


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
    found = [(lines.at(()), text) for text in lines.duplicates]
    errors = [] if error is None else error.errors(include_url=False)
    inside = {one["loc"][:depth] for one in errors for depth in range(len(one["loc"]))}
    for one in errors:
        if one["type"] == "too_short" and one["loc"] in inside:
            continue  # pydantic counts what is left after it refused the items
        what, mend = _explain(one, model)
        found.append((lines.at(one["loc"]), lines.say(one["loc"], what, mend)))
    texts = dict.fromkeys(text for _, text in found)
    return sorted(texts, key=lambda text: int(text[len(lines.file) + 1 :].split(":", 1)[0]))


def closest(name: str, candidates: Iterable[str]) -> str | None:
    """Return the candidate that was most likely meant, or None if none is near."""
    plain = {_plain(one): one for one in candidates}
    near = difflib.get_close_matches(_plain(name), plain, n=1, cutoff=0.6)
    if near:
        return plain[near[0]]
    inside = [one for one in plain if len(one) > 3 and (one in _plain(name) or _plain(name) in one)]
    return plain[max(inside, key=len)] if inside and len(_plain(name)) > 3 else None


def did_you_mean(name: str, candidates: Iterable[str]) -> str:
    """Return the sentence that helps somebody who wrote a name that does not exist."""
    known = list(candidates)
    near = closest(name, known)
    if near is not None:
        return f"Did you mean `{near}`?"
    if len(known) > _REPEATED_NAMES:
        known = [*known[:_REPEATED_NAMES], "…"]
    return "Known are " + ", ".join(known)


def _plain(name: str) -> str:
    return re.sub(r"[\s\-_]+", "_", name.strip().lower())


@dataclass
class _Reader:
    """Turns YAML nodes into plain values and keeps the line of each."""

    file: str
    yaml: YAML
    by_location: dict[Location, int]
    duplicates: list[str]

    def value(self, node: Any, location: Location) -> Any:
        if isinstance(node, MappingNode):
            return self.table(node, location)
        if isinstance(node, SequenceNode):
            for position, item in enumerate(node.value):
                self.by_location[(*location, position)] = item.start_mark.line + 1
            return [self.value(one, (*location, at)) for at, one in enumerate(node.value)]
        return None if node is None else self.scalar(node)

    def table(self, node: Any, location: Location) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = key_node.value if isinstance(key_node, ScalarNode) else str(key_node.value)
            line = key_node.start_mark.line + 1
            inner = (*location, key)
            if key in values:
                self.duplicates.append(
                    f"{self.file}:{line}: `{key}` is given twice, first in line "
                    f"{self.by_location[inner]}. Keep one of the two"
                )
                continue
            self.by_location[inner] = line
            values[key] = self.value(value_node, inner)
        return values

    def scalar(self, node: Any) -> Any:
        # ruamel drops the offset of a date-time; the model reads the text itself.
        if str(node.tag) == "tag:yaml.org,2002:timestamp":
            return node.value
        try:
            return self.yaml.constructor.construct_object(node, deep=True)
        except (ValueError, YAMLError):
            return node.value


def _syntax_problem(path: Path, error: YAMLError) -> str:
    mark = getattr(error, "problem_mark", None) if isinstance(error, MarkedYAMLError) else None
    line = 1 if mark is None else mark.line + 1
    said = getattr(error, "problem", None) or str(error).splitlines()[0]
    return f"{path}:{line}: is no YAML ({said}). Correct the indentation, quotes or colons here"


def _explain(error: Any, model: type[BaseModel] | None) -> tuple[str, str]:
    """What is wrong, and what would be right."""
    if error["type"] == _PROBLEM:
        return error["ctx"]["what"], error["ctx"]["mend"]
    location: Location = error["loc"]
    name = next((step for step in reversed(location) if isinstance(step, str)), "the file")
    siblings, field = _field_at(model, location)
    wanted = field.description if field is not None and field.description else ""
    given = error["input"]
    match error["type"]:
        case "extra_forbidden":
            found = f"unknown key `{name}`", did_you_mean(name, siblings)
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


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        return "a table of keys"
    if isinstance(value, list):
        return "a list"
    return "empty" if value is None else f"'{value}'"


def _field_at(
    model: type[BaseModel] | None, location: Location
) -> tuple[list[str], FieldInfo | None]:
    """Names allowed beside the last step of a location, and the field of that step."""
    atoms: list[Any] = [] if model is None else [model]
    siblings: list[str] = []
    field: FieldInfo | None = None
    for step in location:
        reached: list[Any] = []
        models = [one for one in atoms if isinstance(one, type) and issubclass(one, BaseModel)]
        siblings = [key for one in models for key in _fields_by_key(one)] or siblings
        for one in atoms:
            if one in models:
                found = _fields_by_key(one).get(str(step))
                if found is not None:
                    field = found
                    reached += _atoms(found.annotation)
            elif get_origin(one) is dict and isinstance(step, str):
                reached += _atoms(get_args(one)[1])
            elif get_origin(one) in (list, tuple, set, frozenset) and isinstance(step, int):
                reached += _atoms(get_args(one)[0])
        if not reached and models:
            field = None
        atoms = reached or atoms  # a step that is no key is pydantic's name for a union's branch
    return siblings, field


def _fields_by_key(model: type[BaseModel]) -> dict[str, FieldInfo]:
    return {field.alias or name: field for name, field in model.model_fields.items()}


def _atoms(annotation: Any) -> list[Any]:
    """The types of a union, without Annotated."""
    if get_origin(annotation) is Annotated:
        return _atoms(get_args(annotation)[0])
    if get_origin(annotation) in (Union, types.UnionType):
        return [atom for one in get_args(annotation) for atom in _atoms(one)]
    return [annotation]
