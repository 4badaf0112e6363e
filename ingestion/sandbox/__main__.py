"""`python -m ingestion.sandbox FOLDER`: simulate a company and write its exports and its truth."""

from __future__ import annotations

import argparse
import sys
from datetime import date
from pathlib import Path

from ingestion.errors import FunnelError
from ingestion.sandbox.mess import PROFILES, archived
from ingestion.sandbox.settings import SYSTEMS, Settings
from ingestion.sandbox.written import write_company


def main(arguments: list[str] | None = None) -> int:
    """Write the company, print one line per file, and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m ingestion.sandbox", description=__doc__)
    parser.add_argument("folder", type=Path, help="a folder without exports in it")
    parser.add_argument("--people", type=int, default=2000, help="default: %(default)s")
    parser.add_argument("--seed", type=int, default=7, help="default: %(default)s")
    parser.add_argument("--mess", choices=list(PROFILES), default="usual")
    parser.add_argument(
        "--archived", action="store_true", help="histories were kept before systems purged them"
    )
    parser.add_argument("--set-up", choices=list(SYSTEMS), default="salesforce_marketo")
    parser.add_argument("--instances", type=int, default=1, help="2: Europe has its own systems")
    parser.add_argument("--first-day", type=date.fromisoformat, default=date(2023, 1, 1))
    parser.add_argument("--last-day", type=date.fromisoformat, default=date(2025, 12, 31))
    parser.add_argument(
        "--daily-from",
        type=date.fromisoformat,
        help="a folder of exports for each day from then on",
    )
    parser.add_argument("--name", default="sample_company", help="of the data set: %(default)s")
    options = parser.parse_args(arguments)
    mess = PROFILES[options.mess]
    try:
        settings = Settings(
            seed=options.seed,
            people=options.people,
            first_day=options.first_day,
            last_day=options.last_day,
            set_up=options.set_up,
            instances=options.instances,
            mess=archived(mess) if options.archived else mess,
        )
        written = write_company(
            options.folder, settings, name=options.name, daily_from=options.daily_from
        )
    except FunnelError as error:
        print(error, file=sys.stderr)
        return 1
    for file, rows in written.rows.items():
        refused = written.set_aside.get(file, 0) + written.quarantined.get(file, 0)
        print(f"{file}: {rows} rows" + f", {refused} unusable" * bool(refused))
    return 0


if __name__ == "__main__":
    sys.exit(main())
