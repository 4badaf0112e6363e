"""What a later version does not spell out stays as it was."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ingestion.agreement.version import Version

if TYPE_CHECKING:
    from ingestion.yaml_tree import Branch

# Who signed, from when on and why is each version's own.
OWN = frozenset({"version", "effective_from", "note", "signed"})
INHERITED = tuple(name for name in Version.model_fields if name not in OWN)


def with_inherited_parts(tree: Branch) -> Branch:
    """Return the tree with every version complete: whole parts come from the version before."""
    versions: list[Branch] = []
    for version in tree.items("versions"):
        if versions and isinstance(version.value, dict):
            before = versions[-1]
            parts = {name: part for name in INHERITED if (part := before.child(name)) is not None}
            versions.append(replace(version, value={**parts, **version.value}))
        else:
            versions.append(version)
    if not versions or not isinstance(tree.value, dict):
        return tree
    held = replace(tree.value["versions"], value=tuple(versions))
    return replace(tree, value={**tree.value, "versions": held})
