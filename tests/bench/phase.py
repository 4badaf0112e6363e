"""The phases of a run, each in a process of its own.

`python -m tests.bench.phase land <folder>`; the folder is that of a bench's workspace, whose first
exports bring all there is. `land <folder> <exports>` lands others, those of one more day for one.
`--lean` lands no machine's mail.
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


# What a lean bench leaves out: mail of machines, what becomes of it, and page visits. 11 signals a
# person are left of 18.
MACHINES = frozenset(
    {
        "marketo_activities_send_email.csv",
        "marketo_activities_email_delivered.csv",
        "marketo_activities_open_email.csv",
        "marketo_activities_click_email.csv",
        "marketo_activities_visit_webpage.csv",
        "salesforce_email_messages.csv",
    }
)


def workspace_in(folder: Path, exports: Path | None = None) -> Workspace:
    """Return the workspace of the bench: exports, landing, warehouse and publications in it."""
    first = exports or min((folder / "exports").iterdir(), default=folder / "exports")
    return Workspace(data_set="bench", folder=folder, exports=first)


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
    mapping = find_mapping(workspace.exports, None)
    if "--lean" not in sys.argv:
        return mapping
    kept = tuple(one for one in mapping.files if one.file not in MACHINES)
    return mapping.model_copy(update={"files": kept})


def _refuse(suites: list[str]) -> None:
    # A gate that stops would measure something else.
    if suites:
        sys.exit(f"the gate stops the bench's data: {', '.join(suites)}")


if __name__ == "__main__":
    _phase, *_paths = [one for one in sys.argv[1:] if not one.startswith("--")]
    PHASES[_phase](workspace_in(*(Path(one).resolve() for one in _paths)))
