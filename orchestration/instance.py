"""Dagster's own storage, kept in the workspace."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from orchestration import progress

if TYPE_CHECKING:
    import dagster as dg

    from orchestration.workspace import Workspace

# Text and not a template of values: it is the same for every workspace.
_SETTINGS = f"""\
telemetry:
  enabled: false
nux:
  enabled: false
# The lines that the terminal shows are in the event log too.
python_logs:
  managed_python_loggers: [{progress.NAME}]
# A second run waits in the queue; the run lock refuses what does not come through it.
concurrency:
  runs:
    max_concurrent_runs: 1
"""


def prepare_home(workspace: Workspace) -> None:
    """Create DAGSTER_HOME in the workspace and point this process and its children to it."""
    home = workspace.dagster_home
    home.mkdir(parents=True, exist_ok=True)
    settings = home / "dagster.yaml"
    if not settings.is_file() or settings.read_text() != _SETTINGS:
        settings.write_text(_SETTINGS)
    os.environ["DAGSTER_HOME"] = str(home)
    # No tool of ours calls home, whoever starts it.
    os.environ["DAGSTER_DISABLE_TELEMETRY"] = "1"
    os.environ["DBT_SEND_ANONYMOUS_USAGE_STATS"] = "false"
    os.environ["GX_ANALYTICS_ENABLED"] = "false"


def open_instance(workspace: Workspace) -> dg.DagsterInstance:
    """Return the persistent instance of a workspace, so that the web interface shows its runs."""
    import dagster as dg  # noqa: PLC0415  # 1 s, and the environment has to be set before

    prepare_home(workspace)
    return dg.DagsterInstance.from_config(str(workspace.dagster_home))
