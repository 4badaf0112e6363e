"""`make truth`: run the pipeline on simulated companies and print how right it is."""

from __future__ import annotations

import argparse
import sys
from datetime import timedelta
from pathlib import Path

from ingestion.sandbox.mess import PROFILES
from ingestion.sandbox.settings import SYSTEMS, Settings
from tests.truth.companies import PROJECT, RunFailedError, run, write
from tests.truth.daily import differences
from tests.truth.measures import Measures, measure
from tests.truth.page import daily_lines, details, handoff_table, table, write_page

PAGE = PROJECT / "docs" / "truth.md"
# Daily exports are fed for so many days, by a company of so many people.
_DAYS, _DAILY_PEOPLE = 30, 500


def main(arguments: list[str] | None = None) -> int:
    """Measure, print, and with --page put the result into docs/truth.md."""
    parser = argparse.ArgumentParser(prog="python -m tests.truth", description=__doc__)
    parser.add_argument("--people", type=int, default=2000, help="default: %(default)s")
    parser.add_argument("--seed", type=int, default=7, help="default: %(default)s")
    parser.add_argument("--mess", nargs="+", choices=list(PROFILES), default=list(PROFILES))
    parser.add_argument("--set-up", nargs="+", choices=list(SYSTEMS), default=list(SYSTEMS))
    parser.add_argument("--details", action="store_true", help="what is not right, case by case")
    parser.add_argument("--no-daily", action="store_true", help="leave the daily exports out")
    parser.add_argument("--page", action="store_true", help="write the result into docs/truth.md")
    parser.add_argument("--workspace", type=Path, default=PROJECT / "workspace" / "truth")
    options = parser.parse_args(arguments)

    measured: dict[tuple[str, str], Measures | str] = {}
    for set_up in options.set_up:
        for mess in options.mess:
            company = write(
                options.workspace, f"{set_up}_{mess}",
                mess=mess, set_up=set_up, people=options.people, seed=options.seed,
            )  # fmt: skip
            try:
                run(company)
                measured[set_up, mess] = measure(company.warehouse, company.truth)
            except RunFailedError as failure:
                measured[set_up, mess] = f"not published: {str(failure).splitlines()[-2]}"
                print(failure, file=sys.stderr)
            print(table({(set_up, mess): measured[set_up, mess]})[-1], file=sys.stderr, flush=True)

    lines = [
        f"{options.people:,} people, seed {options.seed}, three years",
        "",
        *table(measured),
        "",
        "Hand-offs, and the clocks of their SLAs:",
        "",
        *handoff_table(measured),
    ]
    if options.details or options.page:
        lines += ["", "What is not wholly right:", "", *details(measured)]
    if not options.no_daily:
        first_day = Settings().last_day - timedelta(days=_DAYS - 1)
        differing = {
            mess: differences(
                options.workspace, mess, first_day, people=_DAILY_PEOPLE, seed=options.seed
            )
            for mess in options.mess
        }
        lines += [
            "",
            f"{_DAYS} daily exports and one full export, {_DAILY_PEOPLE} people: differing rows",
            "",
            *daily_lines(differing),
        ]
    print("\n".join(lines))
    if options.page:
        write_page(PAGE, lines)
    return 0


if __name__ == "__main__":
    sys.exit(main())
