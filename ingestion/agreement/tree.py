"""The text of an agreement as a tree, and what keeps it from being one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ruamel.yaml.error import MarkedYAMLError, YAMLError

from ingestion.agreement.problem import Fault
from ingestion.yaml_tree import grown

if TYPE_CHECKING:
    from ingestion.yaml_tree import Branch, Repeat


def read_tree(text: str) -> tuple[Branch | None, list[Fault]]:
    """Parse YAML 1.2 text into a tree; None with at least one fault when it is not a mapping."""
    try:
        tree, repeats = grown(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        because = " ".join(str(part) for part in (error.context, error.problem) if part)
        return None, [
            Fault(mark.line + 1 if mark else 1, f"this is not YAML: {because}", _AS_NEIGHBOURS)
        ]
    except YAMLError as error:
        first = str(error).splitlines()[0]
        return None, [Fault(1, f"this is not YAML: {first}", "Save the file as plain UTF-8 text.")]
    if tree.value is None:
        return None, [Fault(1, "the file is empty", "It should hold 'versions:'.")]
    if not isinstance(tree.value, dict):
        return None, [Fault(1, "the file is not a mapping", "It should begin with 'versions:'.")]
    return tree, [_fault(one) for one in repeats]


_AS_NEIGHBOURS = "Indent it like its neighbours and put text that holds ': ' into quotes."


def _fault(repeat: Repeat) -> Fault:
    if repeat.key is None:
        return Fault(repeat.line, "an alias stands inside its own anchor", "Spell the part out.")
    what = f"'{repeat.key}' stands here twice, first on line {repeat.first}"
    return Fault(repeat.line, what, "Keep one of the two.")
