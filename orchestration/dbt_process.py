"""dbt in a process of its own: `python -m orchestration.dbt_process build`, as `dbt build`.

To dbt a warehouse of another path is another profile, for which it parses the whole project again:
5 s for each new data set. What is parsed does not hang on the path, only on the file's name, so the
manifest of the set-up is taken where it fits.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

from dbt.cli.main import dbtRunner
from dbt.contracts.graph.manifest import Manifest
from dbt.parser.manifest import extended_mashumuro_decoder

from orchestration.dbt_manifest import TARGET, parsed_project
from orchestration.workspace import PREFIX, WAREHOUSE

# dbt's own exit codes: what it was asked to do failed; it could not do it.
_FAILED, _REFUSED = 1, 2


def main(arguments: list[str]) -> int:
    """Run dbt and return its exit code; a usage error or a crash is told on standard error."""
    found = dbtRunner(manifest=_manifest(arguments)).invoke(arguments)
    if found.success:
        return 0
    if found.exception is None:
        return _FAILED
    print(found.exception, file=sys.stderr)  # noqa: T201  # dbt's own words
    return _REFUSED


def _manifest(arguments: list[str]) -> Any:
    """Return the manifest of the set-up, or None where dbt has to parse for itself."""
    warehouse = Path(os.environ.get(f"{PREFIX}WAREHOUSE", ""))
    is_alike = arguments[-2:] == ["--target", TARGET] and warehouse.name == WAREHOUSE
    path = parsed_project() if is_alike and "parse" not in arguments else None
    if path is None:
        return None
    manifest: Any = Manifest.from_msgpack(path.read_bytes(), decoder=extended_mashumuro_decoder)
    # What dbt itself does after a parse: `graph` in a macro reads it.
    manifest.build_flat_graph()
    return manifest


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
