"""Dagster's web interface over the workspace of a data set: `make ui`."""

from __future__ import annotations

import argparse
import os
import sys

from ingestion.errors import FunnelError
from orchestration.dbt_manifest import ensure_manifest
from orchestration.instance import prepare_home
from orchestration.workspace import PROJECT, read_workspace


def main(arguments: list[str] | None = None) -> None:
    """Replace this process by Dagster's; exits with 1 and one line if the settings do not fit."""
    parser = argparse.ArgumentParser(prog="orchestration.ui", description=__doc__)
    parser.add_argument("--port", type=int, default=3000)
    parser.add_argument("--host", default="127.0.0.1")
    options = parser.parse_args(arguments)
    try:
        workspace = read_workspace()
        ensure_manifest()
    except FunnelError as error:
        sys.exit(str(error))
    prepare_home(workspace)
    sys.stdout.write(f"{workspace.data_set}: http://{options.host}:{options.port}\n")
    sys.stdout.flush()
    os.chdir(PROJECT)
    # Dagster would rather be called by another name; whoever looks at the page need not know.
    os.environ.setdefault("PYTHONWARNINGS", "ignore:Function `dev_command`")
    # This interpreter, Dagster's module, a host and a port number.
    os.execv(  # noqa: S606
        sys.executable,
        [
            *(sys.executable, "-m", "dagster", "dev", "-m", "orchestration.definitions"),
            *("--host", options.host, "--port", str(options.port), "--log-level", "warning"),
        ],
    )


if __name__ == "__main__":
    main()
