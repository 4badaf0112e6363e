"""`python -m ingestion.sandbox FOLDER`: write the exports of a made-up company."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from ingestion.errors import FunnelError
from ingestion.sandbox.exports import write_exports


def main(arguments: list[str] | None = None) -> int:
    """Write the exports, print one line per file, and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m ingestion.sandbox", description=__doc__)
    parser.add_argument("folder", type=Path, help="a folder that is not there yet")
    parser.add_argument("--people", type=int, default=2000, help="default: %(default)s")
    parser.add_argument("--seed", type=int, default=7, help="default: %(default)s")
    options = parser.parse_args(arguments)
    try:
        written = write_exports(options.folder, people=options.people, seed=options.seed)
    except FunnelError as error:
        print(error, file=sys.stderr)
        return 1
    for file, rows in written.rows.items():
        refused = written.set_aside.get(file, 0) + written.quarantined.get(file, 0)
        print(f"{options.folder / file}: {rows} rows" + f", {refused} unusable" * bool(refused))
    return 0


if __name__ == "__main__":
    sys.exit(main())
