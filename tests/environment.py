"""Where runs read and write: the project's own variables as given and no others."""

from __future__ import annotations

import os
import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from orchestration.workspace import PROJECT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def new_workspaces(folder: Path) -> Path:
    """Return a folder for workspaces that knows what set-up parsed of the dbt project: 5 s less."""
    parsed = PROJECT / "workspace" / ".dbt"
    if parsed.is_dir() and not (folder / ".dbt").exists():
        shutil.copytree(parsed, folder / ".dbt")
    return folder


@contextmanager
def run_environment(exports: Path | None, workspaces: Path, **others: str) -> Iterator[None]:
    """Set where a run reads (None: the sample company) and writes; all is as before when this ends.

    Held by a fixture of a module at most, never of a session: modules of several folders share a
    process in any order.
    """
    with pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):
            if name.startswith("UNIFIED_FUNNEL_"):
                patch.delenv(name)
        if exports:
            patch.setenv("UNIFIED_FUNNEL_DATA", str(exports))
        patch.setenv("UNIFIED_FUNNEL_WORKSPACE", str(new_workspaces(workspaces)))
        for name, value in others.items():
            patch.setenv(name, value)
        # They are set by a run and must not outlive it.
        for name in ("DAGSTER_HOME", "DAGSTER_DISABLE_TELEMETRY"):
            patch.setenv(name, os.environ.get(name, ""))
        yield
