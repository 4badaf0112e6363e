"""Whether each connected source can be read: `make check-sources`, before a run needs it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from ingestion.connectors.http import Patience
from ingestion.connectors.source_check import check_sources
from ingestion.errors import FunnelError
from ingestion.files import find_mapping
from orchestration.sample_company import sample_company
from orchestration.workspace import read_workspace

if TYPE_CHECKING:
    from ingestion.files import Mapping

# Somebody waits at a terminal: what is not there in 20 s is told.
_PATIENCE = Patience(attempts=3, first_wait=1, longest_wait=5, connect=5, read=20)


def main() -> int:
    """Print what was found of each source; return 1 if one of them cannot be read."""
    try:
        workspace = read_workspace()
        with sample_company(workspace):
            return _told(find_mapping(workspace.exports, workspace.mapping))
    except FunnelError as error:
        sys.stderr.write(f"{error}\n")
        return 1


def _told(mapping: Mapping) -> int:
    if not mapping.connections:
        sys.stdout.write(f"{mapping.path}: no source is connected, all comes from files\n")
    has_problems = False
    for source in check_sources(mapping, _PATIENCE):
        has_problems |= bool(source.problems)
        sys.stdout.write(f"{source.name}\n")
        sys.stdout.writelines(f"  ok    {one}\n" for one in source.notes)
        sys.stdout.writelines(f"  wrong {one}\n" for one in source.problems)
    return 1 if has_problems else 0


if __name__ == "__main__":
    sys.exit(main())
