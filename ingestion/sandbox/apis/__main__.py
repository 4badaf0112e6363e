"""`python -m ingestion.sandbox.apis`: serve the stand-ins of a simulated company's systems."""

from __future__ import annotations

import argparse
import signal
import sys
from contextlib import suppress
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from ingestion.errors import FunnelError, TerminalError
from ingestion.sandbox.apis.present import Present
from ingestion.sandbox.apis.served_company import CLIENT, FAULTS, SECRET, Habits, served_company
from ingestion.sandbox.clock import HOUR
from ingestion.sandbox.company.company import simulate
from ingestion.sandbox.mess import PROFILES
from ingestion.sandbox.settings import Settings
from ingestion.sandbox.systems.landscape import hold_systems

if TYPE_CHECKING:
    from collections.abc import Iterable

FIRST_PORT = 8701
_MORNING = 6 * HOUR  # after the last day, as exports are made


def main(arguments: list[str] | None = None) -> int:
    """Serve until interrupted, one system a port, and return the exit code."""
    options = _parser().parse_args(arguments)
    try:
        settings = Settings(
            seed=options.seed,
            people=options.people,
            last_day=options.last_day,
            instances=options.instances,
            mess=PROFILES[options.mess],
        )
        rates = _rates(options.fault)
    except FunnelError as error:
        print(error, file=sys.stderr)
        return 1
    present = Present(settings.end + _MORNING, options.pace)
    systems = hold_systems(simulate(settings))
    with served_company(systems, present, Habits(rates=rates, port=options.port)) as serving:
        for one in serving:
            print(f"{one.name}  {one.address}", flush=True)
        told = datetime.fromtimestamp(present.now(), UTC)
        print(f"client {CLIENT}, secret {SECRET}; there it is {told:%Y-%m-%d %H:%M} UTC")
        print("Ctrl-C ends it", flush=True)
        with suppress(KeyboardInterrupt):
            signal.pause()
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m ingestion.sandbox.apis",
        description=__doc__,
        epilog=f"faults: {', '.join(sorted(_fault_names()))}",
    )
    parser.add_argument("--people", type=int, default=2000, help="default: %(default)s")
    parser.add_argument("--seed", type=int, default=7, help="default: %(default)s")
    parser.add_argument("--mess", choices=list(PROFILES), default="usual")
    parser.add_argument("--instances", type=int, default=1, help="2: Europe has its own systems")
    parser.add_argument("--last-day", type=date.fromisoformat, default=date(2025, 12, 31))
    parser.add_argument("--port", type=int, default=FIRST_PORT, help="of the first system; 0: any")
    parser.add_argument(
        "--pace", type=float, default=0, help="company seconds in a second; 0: time stands still"
    )
    parser.add_argument(
        "--fault", action="append", default=[], metavar="NAME=RATE", help="may be given repeatedly"
    )
    return parser


def _fault_names() -> set[str]:
    return {name for of_system in FAULTS.values() for name in of_system}


def _rates(given: Iterable[str]) -> dict[str, float]:
    """Rates by fault. Raises TerminalError for a name that no stand-in knows, or no rate."""
    known = _fault_names()
    rates = {}
    for one in given:
        name, _, rate = one.partition("=")
        try:
            rates[name] = float(rate)
        except ValueError:
            rates[name] = -1
        if name not in known or not 0 <= rates[name] <= 1:
            raise TerminalError(
                f"{one} is no fault and its rate",
                where="--fault",
                mend="Write a name of `--help` and a number from 0 to 1, e.g. cut=0.1",
            )
    return rates


if __name__ == "__main__":
    sys.exit(main())
