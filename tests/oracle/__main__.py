"""`make oracle`: compare the warehouse with the oracle, on random histories or on companies."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

from ingestion.sandbox.mess import PROFILES
from ingestion.sandbox.settings import SYSTEMS
from tests.oracle.company import compare
from tests.oracle.comparison import Difference, differences, shown, shrunk
from tests.oracle.generator import histories
from tests.oracle.warehouse import PROJECT, Builder

# So many histories a build: more do not make the comparison faster and hold more memory.
_BATCH = 5000


def main(arguments: list[str] | None = None) -> int:
    """Compare, print the first differences shrunk, and return 1 if there is any."""
    parser = argparse.ArgumentParser(prog="python -m tests.oracle", description=__doc__)
    parser.add_argument("--histories", type=int, default=2000, help="default: %(default)s")
    parser.add_argument("--seed", type=int, default=1, help="default: %(default)s")
    parser.add_argument("--loads", type=int, default=1, help="increments, in any order; 1: full")
    parser.add_argument(
        "--show", type=int, default=5, help="so many differences, shrunk; of companies the smallest"
    )
    parser.add_argument("--only", type=int, nargs="+", help="numbers of histories")
    parser.add_argument("--plain", action="store_true", help="without renewals, slips, silences")
    parser.add_argument("--no-shrink", action="store_true", help="show histories as they are")
    parser.add_argument("--project", type=Path, default=PROJECT, help="checkout with dbt_project")
    companies = parser.add_argument_group("simulated companies in place of random histories")
    companies.add_argument("--people", type=int, help="of each company")
    companies.add_argument("--mess", nargs="+", choices=list(PROFILES), default=list(PROFILES))
    companies.add_argument(
        "--set-up", nargs="+", choices=list(SYSTEMS), default=["salesforce_marketo"]
    )
    options = parser.parse_args(arguments)
    return _companies(options) if options.people else _histories(options)


def _companies(options: argparse.Namespace) -> int:
    differing = 0
    for set_up in options.set_up:
        for mess in options.mess:
            began = time.monotonic()
            with tempfile.TemporaryDirectory(prefix="oracle-") as folder:
                one = compare(
                    Path(folder), set_up, mess, options.people,
                    builder=Builder(options.project.resolve()), seed=options.seed,
                )  # fmt: skip
            print(
                f"{set_up}, {mess}, {options.people:,} people, seed {options.seed}:"
                f" {one.persons:,} persons, {one.passes:,} passes and {one.transitions:,}"
                f" transitions compared, {len(one.found):,} persons differ"
                f" ({time.monotonic() - began:.0f} s)",
                flush=True,
            )
            smallest = sorted(one.found, key=lambda each: len(each.history.rows))
            for each in smallest[: options.show]:
                print(f"\n{shown(each)}")
            differing += len(one.found)
    return 1 if differing else 0


def _histories(options: argparse.Namespace) -> int:
    builder = Builder(options.project.resolve(), seed=options.seed, loads=options.loads)
    numbered = list(enumerate(histories(options.histories, options.seed, is_plain=options.plain)))
    if options.only:
        numbered = [one for one in numbered if one[0] in options.only]
    began = time.monotonic()
    found: list[Difference] = []
    for start in range(0, len(numbered), _BATCH):
        found += differences(numbered[start : start + _BATCH], builder)
        done = min(start + _BATCH, len(numbered))
        print(f"{done:,} compared, {len(found):,} differ", file=sys.stderr, flush=True)
    print(
        f"{len(numbered):,} histories compared, seed {options.seed}, loads {options.loads}: "
        f"{len(found):,} differ ({time.monotonic() - began:.0f} s)"
    )
    first = found[: options.show]
    for one in first if options.no_shrink else shrunk(first, builder):
        print(f"\n{shown(one)}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
