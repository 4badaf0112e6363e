"""From the file to the typed agreement, or to the list of all that is wrong with it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import ValidationError

from ingestion.agreement.inheritance import with_inherited_parts
from ingestion.agreement.problem import AgreementError, Fault
from ingestion.agreement.rules import version_faults
from ingestion.agreement.schema import json_schema
from ingestion.agreement.shape import shape_faults
from ingestion.agreement.succession import succession_faults
from ingestion.agreement.tree import read_tree
from ingestion.agreement.version import Agreement
from ingestion.yaml_tree import Problem, model_errors

if TYPE_CHECKING:
    import os

    from ingestion.yaml_tree import Branch


def read_agreement(path: str | os.PathLike[str]) -> Agreement:
    """Read and check an agreement file with all its versions.

    Raises AgreementError listing every problem, each as `<file>:<line>: what is wrong. What would
    be right`.
    """
    file = str(path)
    try:
        text = Path(path).read_text(encoding="utf-8")
    except FileNotFoundError:
        raise _refusal(
            file, [Fault(1, "there is no such file", "Name the agreement file, or write one.")]
        ) from None
    except UnicodeDecodeError as error:
        raise _refusal(
            file, [Fault(1, f"this is no UTF-8 text ({error.reason})", "Save the file as UTF-8.")]
        ) from None
    except OSError as error:
        raise _refusal(
            file, [Fault(1, f"cannot read the file ({error.strerror})", "Check its permissions.")]
        ) from error
    tree, faults = read_tree(text)
    if tree is None:
        raise _refusal(file, faults)
    tree = with_inherited_parts(tree)
    versions = tree.items("versions")
    faults += [fault for version in versions for fault in version_faults(version)]
    faults += succession_faults(versions)
    agreement = _typed(tree, faults)
    if agreement is None or faults:
        raise _refusal(file, faults)
    return agreement.read_from(file, tuple(version.line for version in versions))


def _typed(tree: Branch, faults: list[Fault]) -> Agreement | None:
    try:
        return Agreement.model_validate(tree.plain())
    except ValidationError as error:
        faults += shape_faults(model_errors(error), tree, json_schema())
        return None


def _refusal(file: str, faults: list[Fault]) -> AgreementError:
    found = {Problem(file, fault.line, fault.what, fault.mend) for fault in faults}
    return AgreementError(sorted(found))
