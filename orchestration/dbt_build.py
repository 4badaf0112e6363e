"""dbt beside the pipeline: for the commands that build something to compare it."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from ingestion.errors import TerminalError
from orchestration.dbt_manifest import dbt_command, dbt_environment
from orchestration.workspace import dbt_project

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from orchestration.publication import Publication
    from orchestration.workspace import Workspace

_ANSI = re.compile(r"\x1b\[[0-9;]*m")
_LINES_SHOWN = 20


@dataclass(frozen=True)
class Built:
    """What dbt knows of the project after a build, and the names `<schema>.<table>` it built."""

    manifest: Mapping[str, Any]
    tables: frozenset[str]

    def models(self) -> dict[str, Mapping[str, Any]]:
        """Return the models of the project by `<schema>.<table>`."""
        return {
            f"{node['schema']}.{node['alias']}": node
            for node in self.manifest["nodes"].values()
            if node["resource_type"] == "model"
        }


def environment_of(
    workspace: Workspace, publication: Publication, target_path: Path
) -> dict[str, str]:
    """Return the environment of a dbt that looks at the instant and the loads of a publication.

    The publication holds when its last load was extracted, and a load of that moment was seen; the
    setting is exclusive.
    """
    known = publication.loads_until
    return dbt_environment(
        workspace,
        target_path,
        as_of=datetime.fromisoformat(publication.as_of),
        loads_until=None
        if known is None
        else datetime.fromisoformat(known) + timedelta(microseconds=1),
    )


def build(
    *arguments: str, environment: Mapping[str, str], target_path: Path, target: str, told: str
) -> Built:
    """Call dbt with these arguments and return what it built; `told` goes to standard error first.

    Raises TerminalError with dbt's own words if it fails, be it a model or a test.
    """
    sys.stderr.write(f"{told} …\n")
    sys.stderr.flush()
    target_path.mkdir(parents=True, exist_ok=True)
    results = target_path / "run_results.json"
    results.unlink(missing_ok=True)
    _call(*arguments, environment=environment, target_path=target_path, target=target)
    manifest: dict[str, Any] = json.loads((target_path / "manifest.json").read_text())
    found = json.loads(results.read_text())["results"] if results.is_file() else []
    return Built(
        manifest,
        frozenset(
            f"{node['schema']}.{node['alias']}"
            for one in found
            if one["status"] == "success"
            and (node := manifest["nodes"].get(one["unique_id"])) is not None
            and node["resource_type"] == "model"
        ),
    )


def selected_models(
    *arguments: str, environment: Mapping[str, str], target_path: Path, target: str
) -> tuple[str, ...]:
    """Return the names of the models that these arguments of dbt select; nothing is built.

    Raises TerminalError with dbt's own words if it fails.
    """
    target_path.mkdir(parents=True, exist_ok=True)
    told = _call(
        "ls", "--resource-type", "model", "--output", "name", *arguments,
        environment=environment, target_path=target_path, target=target,
    )  # fmt: skip
    return tuple(told.split())


def _call(*arguments: str, environment: Mapping[str, str], target_path: Path, target: str) -> str:
    # The command is ours: this interpreter, dbt's module, names of models.
    ran = subprocess.run(  # noqa: S603
        dbt_command("--quiet", "--no-use-colors", *arguments, target=target),
        # Python warns of its own way to start a module.
        env={**environment, "PYTHONWARNINGS": "ignore"},
        cwd=dbt_project(),
        capture_output=True,
        text=True,
        check=False,
    )
    if ran.returncode:
        words = _ANSI.sub("", ran.stdout + ran.stderr).strip().splitlines()
        shown = [line for line in words if line.strip()][-_LINES_SHOWN:]
        raise TerminalError(
            "dbt failed:\n" + "\n".join(shown) + "\n",
            where=str(dbt_project()),
            mend=f"Mend what dbt names; its whole log: {target_path / 'dbt.log'}",
        )
    return ran.stdout
