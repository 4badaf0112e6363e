"""YAML text as a tree that knows the line of every key, list item and value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, SequenceNode

Scalar = str | int | float | bool | None
TAG = "tag:yaml.org,2002:"


@dataclass(frozen=True)
class Branch:
    """A value and the line that a reader looks for: of its key, or of the list item."""

    value: Scalar | dict[str, Branch] | tuple[Branch, ...]
    line: int

    def plain(self) -> Any:
        """Return the value without lines: dict, tuple or scalar. Dates stay text."""
        if isinstance(self.value, dict):
            return {key: branch.plain() for key, branch in self.value.items()}
        if isinstance(self.value, tuple):
            return tuple(branch.plain() for branch in self.value)
        return self.value

    def child(self, key: str | int) -> Branch | None:
        """Return what stands under a key or a position, or None."""
        if isinstance(self.value, dict):
            return self.value.get(str(key))
        if isinstance(self.value, tuple) and isinstance(key, int) and key < len(self.value):
            return self.value[key]
        return None

    def items(self, *path: str) -> tuple[Branch, ...]:
        """Return the list items at a path of keys; none when something else stands there."""
        branch: Branch | None = self
        for key in path:
            branch = branch.child(key) if branch else None
        return branch.value if branch and isinstance(branch.value, tuple) else ()

    def entries(self, key: str) -> dict[str, Branch]:
        """Return the mapping under a key; empty when something else stands there."""
        branch = self.child(key)
        return branch.value if branch and isinstance(branch.value, dict) else {}

    def text(self, key: str) -> str | None:
        """Return the text under a key, or None when there is none."""
        branch = self.child(key)
        return branch.value if branch and isinstance(branch.value, str) else None

    def line_of(self, key: str) -> int:
        """Return the line of a key, or one's own where the key is missing."""
        branch = self.child(key)
        return branch.line if branch else self.line


@dataclass(frozen=True)
class Fault:
    """What a parser objects to, before anybody knows the name of the file."""

    line: int
    what: str
    mend: str


def read_tree(text: str) -> tuple[Branch | None, list[Fault]]:
    """Parse YAML 1.2 text into a tree; None with at least one fault when it is not a mapping."""
    try:
        node = YAML(typ="safe", pure=True).compose(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        because = " ".join(str(part) for part in (error.context, error.problem) if part)
        return None, [
            Fault(mark.line + 1 if mark else 1, f"this is not YAML: {because}", _AS_NEIGHBOURS)
        ]
    except YAMLError as error:
        first = str(error).splitlines()[0]
        return None, [Fault(1, f"this is not YAML: {first}", "Save the file as plain UTF-8 text.")]
    if node is None:
        return None, [Fault(1, "the file is empty", "It should hold 'versions:'.")]
    if not isinstance(node, MappingNode):
        return None, [Fault(1, "the file is not a mapping", "It should begin with 'versions:'.")]
    faults: list[Fault] = []
    return _branch(node, node.start_mark.line + 1, faults, ()), faults


_AS_NEIGHBOURS = "Indent it like its neighbours and put text that holds ': ' into quotes."


def _branch(node: Node, line: int, faults: list[Fault], above: tuple[int, ...]) -> Branch:
    if id(node) in above:
        faults.append(Fault(line, "an alias stands inside its own anchor", "Spell the part out."))
        return Branch(None, line)
    above = (*above, id(node))
    if isinstance(node, MappingNode):
        return Branch(_entries(node, faults, above), line)
    if isinstance(node, SequenceNode):
        items = (_branch(item, item.start_mark.line + 1, faults, above) for item in node.value)
        return Branch(tuple(items), line)
    return Branch(_scalar(str(node.tag), str(node.value)), line)


def _entries(node: MappingNode, faults: list[Fault], above: tuple[int, ...]) -> dict[str, Branch]:
    entries: dict[str, Branch] = {}
    for key_node, value_node in node.value:
        key, line = str(key_node.value), key_node.start_mark.line + 1
        if key in entries:
            faults.append(
                Fault(
                    line,
                    f"'{key}' stands here twice, first on line {entries[key].line}",
                    "Keep one of the two.",
                )
            )
            continue
        entries[key] = _branch(value_node, line, faults, above)
    return entries


def _scalar(tag: str, text: str) -> Scalar:
    if tag == f"{TAG}null":
        return None
    if tag == f"{TAG}bool":
        return text.lower() == "true"
    try:
        if tag == f"{TAG}int":
            return int(text.replace("_", ""))
        if tag == f"{TAG}float":
            return float(text.replace("_", ""))
    except ValueError:  # 0x1F, .inf: nothing that an agreement needs, so it stays text
        return text
    return text
