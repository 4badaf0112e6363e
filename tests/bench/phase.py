"""The phases of a run, each in a process of its own.

`python -m tests.bench.phase land <folder>`; the folder is that of a bench's workspace.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from ingestion.agreement import land_agreement, read_agreement
from ingestion.files import find_mapping, land_file, land_mapping
from ingestion.landing import Landing
from orchestration.workspace import PROJECT, Workspace

if TYPE_CHECKING:
    from collections.abc import Callable

    from ingestion.files import Mapping


def workspace_in(folder: Path) -> Workspace:
    """Return the workspace of the bench: exports, landing, warehouse and publications in it."""
    return Workspace(data_set="bench", folder=folder, exports=folder / "exports")


def land(workspace: Workspace) -> None:
    """Land the agreement, the mapping and every export."""
    mapping = _mapping(workspace)
    landing = Landing(workspace.landing)
    agreement = read_agreement(mapping.agreement_path or PROJECT / "agreement.yml")
    land_agreement(landing, agreement, agreement.versions[-1].effective_from)
    land_mapping(landing, mapping)
    for export in mapping.files:
        land_file(landing, mapping, export, workspace.exports)


def check_in(workspace: Workspace) -> None:
    """Validate what landed."""
    from orchestration.gate import entry_verdicts  # noqa: PLC0415  # only this phase pays for it

    _refuse([one.suite for one in entry_verdicts(Landing(workspace.landing)) if one.is_blocking])


def check_out(workspace: Workspace) -> None:
    """Validate what the models built."""
    from orchestration.gate import exit_verdicts  # noqa: PLC0415

    _refuse([one.suite for one in exit_verdicts(workspace.warehouse) if one.is_blocking])


def publish(workspace: Workspace) -> None:
    """Publish what the models built."""
    from orchestration.publication import publish as write_publication  # noqa: PLC0415

    write_publication(workspace.warehouse, workspace.published, "bench")


PHASES: dict[str, Callable[[Workspace], None]] = {
    "land": land,
    "check_in": check_in,
    "check_out": check_out,
    "publish": publish,
}


def _mapping(workspace: Workspace) -> Mapping:
    return find_mapping(workspace.exports, None)


def _refuse(suites: list[str]) -> None:
    # A gate that stops would measure something else.
    if suites:
        sys.exit(f"the gate stops the bench's data: {', '.join(suites)}")


if __name__ == "__main__":
    PHASES[sys.argv[1]](workspace_in(Path(sys.argv[2]).resolve()))
