"""`python -m ingestion.sandbox FOLDER`: the exports of the made-up company."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from ingestion.sandbox.exports import write_exports


def main(arguments: list[str] | None = None) -> int:
    """Write the exports and print a line for each file."""
    parser = argparse.ArgumentParser(prog="python -m ingestion.sandbox", description=__doc__)
    parser.add_argument("folder", type=Path, help="a folder that is not there yet")
    parser.add_argument("--people", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=7)
    given = parser.parse_args(arguments)
    try:
        written = write_exports(given.folder, given.people, given.seed)
    except FileExistsError:
        print(f"{given.folder}: the folder is there already. Name a new one.", file=sys.stderr)
        return 1
    for name, rows in written.rows.items():
        print(f"{name:<36}{rows:>9,}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
