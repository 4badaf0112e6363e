"""Increments, which compute only the persons that something happened to, beside a full refresh."""

from __future__ import annotations

import argparse
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from unittest.mock import patch

import duckdb

from ingestion.erasure import VARIABLE, land_erased_keys, read_erased_keys, read_secret
from ingestion.files import find_mapping
from ingestion.files.person import PersonSearch
from ingestion.files.rewriting import rewrite_loads
from ingestion.landing import Landing
from tests.truth.companies import PROJECT, RunFailedError, land, write

if TYPE_CHECKING:
    from ingestion.sandbox.mess import Profile
    from tests.truth.companies import Company

# A later version that the engine has to judge by from its day on.
NEXT_VERSION = """
  - version: 2
    effective_from: {day}
    note: Fewer and warmer leads.
    signed:
      marketing: {{by: Head of Marketing, date: 2023-12-14}}
      sales: {{by: Head of Sales, date: 2023-12-14}}
    engine: {{debounce_minutes: 5, reentry_window_days: 45, expiry_days: 150}}
"""


# Days between two erasures; each takes two builds more.
ERASURE_EVERY = 3


@patch.dict(os.environ, {VARIABLE: "a key for the tests and for nothing else"})
def differences(
    root: Path, mess: Profile, days: int, *, people: int, seed: int, is_shuffled: bool
) -> dict[str, tuple[int, int]]:
    """Return table -> rows that only the increments, and only the full refresh, lead to.

    The company's last `days` days arrive day by day, or in any order; half-way a new version of the
    agreement comes into force, and on every third day a person is erased: what that changes is
    listed too. Compared are all tables of the warehouse but quality and ops.
    """
    found = {}
    first_day = date(2026, 1, 1) - timedelta(days=days)
    company = write(
        root, f"{mess}_increments", mess=mess, people=people, seed=seed, daily_from=first_day
    )
    first, *later = sorted(company.exports.iterdir())
    if is_shuffled:
        random.Random(seed).shuffle(later)  # noqa: S311  # an order, not a secret
    increments, full = company.folder / "increments.duckdb", company.folder / "full.duckdb"
    last_day = date(2026, 1, 1)
    started = time.monotonic()
    for number, folder in enumerate([first, *later]):
        _land(
            company, folder, last_day - timedelta(days=days // 2) if number >= days // 2 else None
        )
        as_of = last_day if is_shuffled else first_day + timedelta(days=number)
        _build(company, increments, as_of)
        if number % ERASURE_EVERY == 1:
            found |= _changed_by_an_erasure(company, folder, increments, as_of)
        # Half an hour without a word looks like a run that hangs.
        sys.stderr.write(
            f"{folder.name}: {number} of {days} days, {time.monotonic() - started:.0f} s\n"
        )
    _build(company, full, as_of)
    return found | compare(increments, full)


def compare(one: Path, other: Path) -> dict[str, tuple[int, int]]:
    """Return table -> rows that only the one and only the other has; equal tables are left out."""
    found = {}
    with duckdb.connect() as connection:
        connection.execute(f"attach '{one}' as one (read_only)")
        connection.execute(f"attach '{other}' as other (read_only)")
        tables = connection.execute(
            "select schema_name || '.' || table_name from duckdb_tables()"
            " where database_name = 'one' and schema_name in ('intermediate', 'marts')"
            # What says how far the increments have come differs by what it is for.
            " and table_name not in ('int_affected_persons', 'int_changed_persons') order by 1"
        ).fetchall()
        for (table,) in tables:
            counts = tuple(
                connection.execute(
                    f"select count(*) from (from {a}.{table} except all from {b}.{table})"
                ).fetchall()[0][0]
                for a, b in (("one", "other"), ("other", "one"))
            )
            if any(counts):
                found[table] = counts
    return found


def affected(warehouse: Path) -> tuple[int, int]:
    """Return how many persons the last build computed, and how many there are."""
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        return connection.execute(  # type: ignore[return-value]
            "select (select count(*) from intermediate.int_affected_persons),"
            " (select count(*) from intermediate.int_person_digests)"
        ).fetchall()[0]


def _changed_by_an_erasure(
    company: Company, folder: Path, warehouse: Path, as_of: date
) -> dict[str, tuple[int, int]]:
    """Erase a person of several records; return the marts that count otherwise afterwards.

    The warehouse stays, as one that an analyst has elsewhere: the pipeline drops its own.
    """
    landing = Landing(company.workspace / "landing")
    mapping = find_mapping(folder)
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        resolved = connection.execute(
            "select record_key, person_key from intermediate.int_persons_resolved"
        ).to_arrow_table()
        mailboxes = connection.execute("select distinct mailbox from agreement.role_mailboxes")
        roles = tuple(sorted(one.lower() for (one,) in mailboxes.fetchall()))
        (person_key,) = connection.execute(
            "select person_key from marts.dim_persons where not is_erased and not is_placeholder"
            " order by record_count desc, person_key limit 1"
        ).fetchall()[0]
    before = warehouse.with_name("before.duckdb")
    shutil.copyfile(warehouse, before)
    search = PersonSearch(landing, mapping, resolved, roles, read_secret())
    land_erased_keys(landing, search.find(person_key).keys)
    erased = read_erased_keys(landing)
    assert erased is not None
    assert rewrite_loads(landing, mapping, erased)
    _build(company, warehouse, as_of)
    changed = compare(before, warehouse)
    told = {
        f"{table} after an erasure": counts
        for table, counts in changed.items()
        if table.startswith("marts.")
        and (table, counts) != ("marts.dim_persons", (1, 1))
        and table != "marts.dim_person_details"
    }
    # Changes of fields that no rule knows lose their values: of the erased person, of nobody else.
    computed, _ = affected(warehouse)
    if computed > 1:
        told["persons computed again after an erasure"] = (0, computed)
    return told


def _land(company: Company, folder: Path, new_version_from: date | None) -> None:
    agreement = find_mapping(folder).agreement_path or PROJECT / "agreement.yml"
    if new_version_from:
        text = agreement.read_text() + NEXT_VERSION.format(day=new_version_from)
        agreement = company.folder / "agreement.yml"
        agreement.write_text(text)
    land(company, folder, agreement)


def _build(company: Company, warehouse: Path, as_of: date) -> None:
    ran = subprocess.run(
        [Path(sys.executable).with_name("dbt"), "run", "--quiet", "--no-use-colors",
         "--target-path", company.folder / "target", "--log-path", company.folder / "logs"],
        cwd=PROJECT / "dbt_project",
        env=os.environ
        | {
            "UNIFIED_FUNNEL_LANDING": str(company.workspace / "landing"),
            "UNIFIED_FUNNEL_DEV_WAREHOUSE": str(warehouse),
            "UNIFIED_FUNNEL_AS_OF": as_of.isoformat(),
        },
        capture_output=True,
        text=True,
        check=False,
    )  # fmt: skip
    if ran.returncode:
        raise RunFailedError(ran.stdout + ran.stderr)


def main() -> int:
    """Print what differs; return 1 if anything does."""
    parser = argparse.ArgumentParser(prog="python -m tests.truth.increments", description=__doc__)
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--people", type=int, default=500)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--mess", default="awful")
    arguments = parser.parse_args()
    is_equal = True
    for is_shuffled in (False, True):
        with tempfile.TemporaryDirectory() as folder:
            found = differences(
                Path(folder), arguments.mess, arguments.days, people=arguments.people,
                seed=arguments.seed, is_shuffled=is_shuffled,
            )  # fmt: skip
            order = "any order" if is_shuffled else "day by day"
            told = found or "equal to a full refresh"
            sys.stdout.write(f"{arguments.days} days, {order}: {told}\n")
            sys.stdout.flush()
            is_equal = is_equal and not found
    return 0 if is_equal else 1


if __name__ == "__main__":
    sys.exit(main())
