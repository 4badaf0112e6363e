"""The dbt project's manifest: parsed when the project has changed, never at each load.

`python -m orchestration.dbt_manifest` parses it ahead of time, at set-up.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from importlib.metadata import version
from typing import TYPE_CHECKING

from ingestion.errors import TerminalError
from orchestration.workspace import PREFIX, SAMPLE, Workspace, dbt_project, workspaces

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from pathlib import Path

TARGET = "pipeline"
_PARSED = "partial_parse.msgpack"  # dbt's own name

_MARK = "manifest.digest"
# Folders of the dbt project that dbt writes or nobody builds from.
_NOT_SOURCE = {"target", "logs", "dbt_packages", "__pycache__"}


def manifest_folder() -> Path:
    """Return the folder that holds the manifest; the manifest is the same for every data set."""
    return workspaces() / ".dbt"


def dbt_command(*arguments: str, target: str = TARGET) -> list[str]:
    """Return a command line of the dbt that belongs to this interpreter."""
    # Asked of the interpreter and not of PATH, which may name another dbt or none.
    return [sys.executable, "-m", "orchestration.dbt_process", *arguments, "--target", target]


def dbt_environment(
    workspace: Workspace,
    target_path: Path,
    *,
    warehouse: Path | None = None,
    as_of: datetime | None = None,
    loads_until: datetime | None = None,
) -> dict[str, str]:
    """Return the environment of a dbt process: whose landing, which warehouse, up to when."""
    return {
        **os.environ,
        "DBT_PROJECT_DIR": str(dbt_project()),
        "DBT_PROFILES_DIR": str(dbt_project()),
        "DBT_TARGET_PATH": str(target_path),
        "DBT_LOG_PATH": str(target_path),
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        "DBT_VERSION_CHECK": "false",
        "PYTHONUNBUFFERED": "1",
        f"{PREFIX}LANDING": str(workspace.landing),
        f"{PREFIX}WAREHOUSE": str(warehouse or workspace.warehouse),
        f"{PREFIX}AS_OF": "" if as_of is None else as_of.isoformat(),
        f"{PREFIX}LOADS_UNTIL": "" if loads_until is None else loads_until.isoformat(),
    }


def ensure_manifest() -> Path:
    """Return the path of a manifest that fits the dbt project as it is now; parse it if needed.

    Reads no data: neither a landing nor a warehouse has to exist. Raises TerminalError with dbt's
    own words if the project does not parse.
    """
    folder = manifest_folder()
    path = folder / "manifest.json"
    digest = _digest_of_project()
    if path.is_file() and _parsed_digest() == digest:
        return path
    folder.mkdir(parents=True, exist_ok=True)
    mark = folder / _MARK
    mark.unlink(missing_ok=True)
    # Under the sample's names, so that its first run need not parse again.
    sample = workspaces() / SAMPLE
    workspace = Workspace(data_set=SAMPLE, folder=sample, exports=sample / "exports")
    _parse(dbt_command("--quiet", "parse"), dbt_environment(workspace, folder))
    mark.write_text(digest)
    return path


def parsed_project() -> Path | None:
    """Return the file of what dbt itself keeps of that parse, if it fits the project as it is now.

    It holds for every warehouse file of the same name, wherever it lies.
    """
    path = manifest_folder() / _PARSED
    return path if path.is_file() and _parsed_digest() == _digest_of_project() else None


def _parsed_digest() -> str | None:
    mark = manifest_folder() / _MARK
    return mark.read_text() if mark.is_file() else None


def _parse(command: Sequence[str], environment: dict[str, str]) -> None:
    # The command is ours: this interpreter, dbt's module, fixed words.
    found = subprocess.run(  # noqa: S603
        command,
        env=environment,
        cwd=dbt_project(),
        capture_output=True,
        text=True,
        check=False,
    )
    if found.returncode:
        words = (found.stdout + found.stderr).strip()
        raise TerminalError(
            f"dbt cannot parse the project:\n{words}\n",
            where=str(dbt_project()),
            mend="Mend the file that dbt names",
        )


def _digest_of_project() -> str:
    """Digest of every file that dbt reads, and of its version."""
    digest = hashlib.sha256(version("dbt-core").encode())
    root = dbt_project()
    for path in sorted(root.rglob("*")):
        relative = path.relative_to(root)
        if path.is_file() and not _NOT_SOURCE.intersection(relative.parts):
            digest.update(f"\0{relative.as_posix()}\0".encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()


if __name__ == "__main__":
    ensure_manifest()
