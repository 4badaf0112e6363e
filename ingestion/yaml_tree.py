"""YAML that people write: a tree that knows its lines, and what a complaint about it needs.

The agreement and the mappings complain each in their own words; what both share stands here.
"""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic_core import PydanticCustomError
from ruamel.yaml import YAML
from ruamel.yaml.nodes import MappingNode, Node, SequenceNode

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pydantic import ValidationError
    from pydantic_core import ErrorDetails

Location = tuple[int | str, ...]
Scalar = str | int | float | bool | None

WRONG = "wrong"  # type of the errors that `wrong` makes
_TAG = "tag:yaml.org,2002:"


@dataclass(frozen=True)
class Branch:
    """A value and the line that a reader looks for: of its key, or of the list item."""

    value: Scalar | dict[str, Branch] | tuple[Branch, ...]
    line: int

    def plain(self, sequence: type[list[Any] | tuple[Any, ...]] = tuple) -> Any:
        """Return the value without lines: dict, sequence or scalar. Dates stay text."""
        if isinstance(self.value, dict):
            return {key: branch.plain(sequence) for key, branch in self.value.items()}
        if isinstance(self.value, tuple):
            return sequence(branch.plain(sequence) for branch in self.value)
        return self.value

    def child(self, key: str | int) -> Branch | None:
        """Return what stands under a key or a position, or None."""
        if isinstance(self.value, dict):
            return self.value.get(str(key))
        if isinstance(self.value, tuple) and isinstance(key, int) and key < len(self.value):
            return self.value[key]
        return None

    def at(self, location: Iterable[str | int]) -> Branch:
        """Return what stands at a location; steps that the file does not have are passed over."""
        branch = self
        for step in location:
            branch = branch.child(step) or branch
        return branch

    def items(self, *path: str) -> tuple[Branch, ...]:
        """Return the list items at a path of keys; none when something else stands there."""
        branch: Branch | None = self
        for key in path:
            branch = branch.child(key) if branch else None
        return branch.value if branch and isinstance(branch.value, tuple) else ()

    def text(self, key: str) -> str | None:
        """Return the text under a key, or None when there is none."""
        branch = self.child(key)
        return branch.value if branch and isinstance(branch.value, str) else None

    def line_of(self, key: str) -> int:
        """Return the line of a key, or one's own where the key is missing."""
        return self.at((key,)).line


@dataclass(frozen=True)
class Repeat:
    """A key that stands in its mapping already; without key, an alias inside its own anchor."""

    line: int
    first: int
    key: str | None = None


@dataclass(frozen=True, order=True)
class Problem:
    """One thing that is wrong in one place of a file. Lines count from 1."""

    file: str
    line: int
    what: str
    mend: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.what}. {self.mend}"


def grown(text: str) -> tuple[Branch, list[Repeat]]:
    """Return YAML 1.2 text as a tree, without its repeats, and these. Raises ruamel's YAMLError."""
    node = YAML(typ="safe", pure=True).compose(text)
    if node is None:
        return Branch(None, 1), []
    repeats: list[Repeat] = []
    return _branch(node, node.start_mark.line + 1, repeats, {}), repeats


def wrong(what: str, mend: str) -> PydanticCustomError:
    """Return an error for a validator to raise: what is wrong and what would be right."""
    return PydanticCustomError(WRONG, "{what}. {mend}", {"what": what, "mend": mend})


def model_errors(error: ValidationError) -> list[ErrorDetails]:
    """Return what a model objects to.

    pydantic calls a list too short as well when it refused the items: that is left out.
    """
    errors = error.errors(include_url=False)
    inside = {one["loc"][:depth] for one in errors for depth in range(len(one["loc"]))}
    return [one for one in errors if not (one["type"] == "too_short" and one["loc"] in inside)]


def name_at(location: Location) -> str:
    """Return what people call a location: its last key."""
    return next((step for step in reversed(location) if isinstance(step, str)), "the file")


def fields_at(schema: dict[str, Any], location: Location) -> dict[str, Any]:
    """Return the keys that may stand at a location, each with its part of the JSON Schema."""
    here = _resolved(schema, schema)
    for step in location:
        if isinstance(step, int):
            inner = here.get("items")
        else:
            inner = here.get("properties", {}).get(step) or here.get("additionalProperties")
        if isinstance(inner, dict):  # else the step is pydantic's name for a union's branch
            here = _resolved(inner, schema)
    fields: dict[str, Any] = here.get("properties", {})
    return fields


def closest(name: str, candidates: Iterable[str]) -> str | None:
    """Return the candidate that was most likely meant, or None if none is near."""
    plain = {_plain(one): one for one in candidates}
    near = difflib.get_close_matches(_plain(name), plain, n=1, cutoff=0.6)
    if near:
        return plain[near[0]]
    inside = [one for one in plain if len(one) > 3 and (one in _plain(name) or _plain(name) in one)]
    return plain[max(inside, key=len)] if inside and len(_plain(name)) > 3 else None


def _plain(name: str) -> str:
    return re.sub(r"[\s\-_]+", "_", name.strip().lower())


def _branch(node: Node, line: int, repeats: list[Repeat], above: dict[int, int]) -> Branch:
    if id(node) in above:
        repeats.append(Repeat(line, above[id(node)]))
        return Branch(None, line)
    above = {**above, id(node): line}
    if isinstance(node, MappingNode):
        return Branch(_entries(node, repeats, above), line)
    if isinstance(node, SequenceNode):
        items = (_branch(item, item.start_mark.line + 1, repeats, above) for item in node.value)
        return Branch(tuple(items), line)
    return Branch(_scalar(str(node.tag), str(node.value)), line)


def _entries(node: MappingNode, repeats: list[Repeat], above: dict[int, int]) -> dict[str, Branch]:
    entries: dict[str, Branch] = {}
    for key_node, value_node in node.value:
        key, line = str(key_node.value), key_node.start_mark.line + 1
        if key in entries:
            repeats.append(Repeat(line, entries[key].line, key))
        else:
            entries[key] = _branch(value_node, line, repeats, above)
    return entries


def _scalar(tag: str, text: str) -> Scalar:
    if tag == f"{_TAG}null":
        return None
    if tag == f"{_TAG}bool":
        return text.lower() == "true"
    try:
        if tag == f"{_TAG}int":
            return int(text.replace("_", ""))
        if tag == f"{_TAG}float":
            return float(text.replace("_", ""))
    except ValueError:  # 0x1F, .inf: nothing that people need here, so it stays text
        return text
    return text  # dates too: the models read them


def _resolved(part: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    for option in part.get("anyOf", ()):
        if option.get("type") != "null":
            return _resolved(option, schema)
    if "$ref" in part:
        return _resolved(schema["$defs"][part["$ref"].rsplit("/", 1)[-1]], schema)
    return part
