"""Whatever goes wrong while systems are read: what has landed in the end is what would have."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from datetime import date, timedelta
from typing import TYPE_CHECKING

import pytest

from ingestion.sandbox.apis.served_company import FAULTS
from ingestion.sandbox.mess import PROFILES, archived, with_rate
from ingestion.sandbox.settings import Settings
from tests.ingestion.connectors.served_systems import (
    Company,
    Rows,
    exported_company,
    newest,
    served_systems,
    some_of,
)

if TYPE_CHECKING:
    from pathlib import Path

    from ingestion.landing import Landing

# A row that comes broken is set aside with its line, as one of a file is: it cannot be the same.
_BROKEN = {"malformed_row"}
# Seconds go by until the client gives up; test_http.py shows what it does then.
_SLOW = {"timeout"}
NAMES = sorted({name for of in FAULTS.values() for name in of} - _BROKEN - _SLOW)
SETTINGS = Settings(
    people=100,
    first_day=date(2025, 9, 1),
    last_day=date(2025, 12, 31),
    # Only files have rows planted that nobody can use.
    mess=with_rate(archived(PROFILES["usual"]), "unusable_row", 0),
)
# In CI 40 mixtures and 10 kills.
MIXTURES = [*range(40), *(pytest.param(one, marks=pytest.mark.long) for one in range(40, 500))]
KILLS = [*range(10), *(pytest.param(one, marks=pytest.mark.long) for one in range(10, 100))]

KILLED = """
import sys
from pathlib import Path
from ingestion.connectors.reading import Reading
from ingestion.files import read_mapping
from ingestion.landing import Landing
from tests.ingestion.connectors.served_systems import some
folder = Path(sys.argv[2])
mapping = some(read_mapping(Path(sys.argv[1])))
reading = Reading(landing=Landing(folder / "landing"), mapping=mapping, folder=folder / "downloads")
print("begun", flush=True)
for connection in mapping.connections:
    for found in reading.read(connection):
        print(found.object, found.error, flush=True)
"""


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Company:
    return some_of(exported_company(tmp_path_factory.mktemp("company"), SETTINGS))


@pytest.fixture(scope="module")
def undisturbed(company: Company) -> dict[tuple[str, str], Rows]:
    return landed(company, company.exported)


def mixture(seed: int) -> dict[str, float]:
    """Six faults and how often they strike; seven seeds in a row have all of them."""
    chance = random.Random(seed)  # noqa: S311  # what goes wrong
    names = [*NAMES, *NAMES][seed * 6 % len(NAMES) :][:6]
    return {name: chance.uniform(0.05, 0.3) for name in names}


def landed(company: Company, landing: Landing) -> dict[tuple[str, str], Rows]:
    """Of each object that is read, the newest row of each record."""
    return {
        (one.file, one.entity): newest(landing, one.file, one.entity)
        for one in company.mapping.files
        if one.object is not None
    }


@pytest.mark.parametrize("seed", MIXTURES)
def test_after_a_mixture_of_faults_it_lands_as_without(
    seed: int, company: Company, undisturbed: dict[tuple[str, str], Rows], tmp_path: Path
) -> None:
    with served_systems(company, tmp_path, mixture(seed)) as systems:
        # Of every fourth mixture an increment, too: each read takes a second.
        for days in (3, 0) if seed % 4 == 0 else (0,):
            systems.read(company.now - timedelta(days=days))
        systems.calm()
        # An hour later: what was committed late has come, and nothing else has changed.
        found = systems.read(company.now + timedelta(hours=1))
        assert [one.error for one in found if one.error] == []
        assert landed(company, systems.landing) == undisturbed


@pytest.mark.parametrize("seed", KILLS)
def test_killed_at_any_moment_the_next_run_finishes_the_work(
    seed: int, company: Company, undisturbed: dict[tuple[str, str], Rows], tmp_path: Path
) -> None:
    chance = random.Random(seed)  # noqa: S311  # when to kill
    with served_systems(company, tmp_path) as systems:
        command = [sys.executable, "-c", KILLED, company.mapping.path, tmp_path]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as running:
            assert running.stdout is not None
            running.stdout.readline()
            time.sleep(chance.random() * 3)
            os.kill(running.pid, signal.SIGKILL)
        systems.landing.sweep()
        found = systems.read()
        assert [one.error for one in found if one.error] == []
        assert landed(company, systems.landing) == undisturbed
