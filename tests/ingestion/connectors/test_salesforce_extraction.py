"""Windows of an object of Salesforce as files: parts hold what the whole holds, also killed."""

from __future__ import annotations

import csv
import itertools
import os
import random
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from ingestion.connectors.salesforce.extraction import Extraction, query_of
from ingestion.connectors.salesforce.org import Description
from ingestion.connectors.window import Window
from tests.ingestion.connectors.salesforce_org import OPTIONS, SECRET, org
from tests.ingestion.sandbox.apis.salesforce_client import Client, company, frame, standing

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from ingestion.connectors.download import Download

NOW = datetime.fromtimestamp(company()[1], UTC)
EVERYTHING = Window(None, NOW)
PAGE = 200

KILLED = """
import sys
from datetime import datetime
from pathlib import Path
from ingestion.connectors.http import Patience
from ingestion.connectors.salesforce.extraction import Extraction
from ingestion.connectors.salesforce.login import Credentials
from ingestion.connectors.salesforce.org import Org
from ingestion.connectors.window import Window
url, secret, now, folder = sys.argv[1:]
given = Credentials(login_url=url, client_id="unified-funnel", client_secret=secret)
org = Org("salesforce/main", given, patience=Patience(first_wait=0.001))
print("begun", flush=True)
window = Window(None, datetime.fromisoformat(now))
Extraction(org, org.describe("Lead"), Path(folder), rows=20, first_poll=0.01).run(window)
"""


class Died(BaseException):
    """As if the process were gone."""


def rows_of(download: Download) -> set[tuple[str, ...]]:
    with download.path.open(newline="", encoding="utf-8") as file:
        return set(map(tuple, csv.reader(file)))


def fetched(
    client: Client,
    folder: Path,
    window: Window = EVERYTHING,
    name: str = "Lead",
    tell: Callable[[Download], None] = lambda _: None,
) -> Download:
    salesforce = org(client)
    description = salesforce.describe(name)
    return Extraction(salesforce, description, folder, rows=PAGE, first_poll=0).run(window, tell)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> set[tuple[str, ...]]:
    with standing(OPTIONS) as client:
        return rows_of(fetched(client, tmp_path_factory.mktemp("whole") / "Lead"))


def test_a_query_is_bounded_by_the_cursor_and_nothing_else() -> None:
    lead = Description("Lead", ("Id", "SystemModstamp"), (), "SystemModstamp", has_recycle_bin=True)
    start = NOW - timedelta(days=1)
    assert query_of(lead, Window(start, NOW)) == (
        "SELECT Id, SystemModstamp FROM Lead WHERE"
        f" SystemModstamp >= {start:%Y-%m-%dT%H:%M:%S}.000Z"
        f" AND SystemModstamp < {NOW:%Y-%m-%dT%H:%M:%S}.000Z"
    )
    plain = Description("Group", ("Id", "Name"), (), None, has_recycle_bin=False)
    assert query_of(plain, EVERYTHING) == "SELECT Id, Name FROM Group"


def test_windows_side_by_side_hold_what_one_holds(
    whole: set[tuple[str, ...]], tmp_path: Path
) -> None:
    cuts = [None, *(NOW - timedelta(days=days) for days in (700, 90, 30, 1)), NOW]
    with standing(OPTIONS) as client:
        found = [
            rows_of(fetched(client, tmp_path / str(at), Window(start, end)))
            for at, (start, end) in enumerate(itertools.pairwise(cuts))
            if end is not None
        ]
    assert set.union(*found) == whole
    header = 1
    assert sum(len(one) - header for one in found) == len(whole) - header


def test_a_run_that_died_is_finished_in_its_own_window(
    whole: set[tuple[str, ...]], tmp_path: Path
) -> None:
    folder = tmp_path / "Lead"

    def die(download: Download) -> None:
        if download.rows >= 2 * PAGE:
            with download.path.open("ab") as file:
                file.write(b'"half a ro')
            raise Died

    with standing(OPTIONS) as client:
        with pytest.raises(Died):
            fetched(client, folder, tell=die)
        before = client.org.counts.rows["Lead"]
        later = fetched(client, folder, Window(None, NOW + timedelta(days=1)))
        assert client.org.counts.rows["Lead"] - before == len(whole) - 1 - 2 * PAGE
    assert later.window == EVERYTHING
    assert rows_of(later) == whole


def test_s09_a_job_that_was_forgotten_meanwhile_is_asked_for_anew(
    whole: set[tuple[str, ...]], tmp_path: Path
) -> None:
    def die(_: Download) -> None:
        raise Died

    with standing(OPTIONS) as client:
        with pytest.raises(Died):
            fetched(client, tmp_path / "Lead", tell=die)
        client.org.present.advance(8 * 86_400)
        now = datetime.fromtimestamp(client.org.present.now(), UTC)
        later = fetched(client, tmp_path / "Lead", Window(None, now))
    assert later.window.end == now
    assert {row[0] for row in rows_of(later)} >= {"Id"}


def test_all_objects_can_be_read(tmp_path: Path) -> None:
    with standing(OPTIONS) as client:
        salesforce = org(client)
        for name in sorted(salesforce.objects()):
            description = salesforce.describe(name)
            extraction = Extraction(salesforce, description, tmp_path / name, first_poll=0)
            found = extraction.run(EVERYTHING)
            expected = frame(name, company()[1])
            assert found.rows == len(expected), name
            assert {row[0] for row in rows_of(found)} == {*expected.index, description.fields[0]}


def test_killed_at_any_moment_the_next_run_finds_the_same(
    whole: set[tuple[str, ...]], tmp_path: Path
) -> None:
    chance = random.Random(7)  # noqa: S311  # when to kill
    with standing(OPTIONS) as client:
        for number in range(3):
            folder = tmp_path / str(number)
            command = [sys.executable, "-c", KILLED, client.url, SECRET, NOW.isoformat(), folder]
            with subprocess.Popen(command, stdout=subprocess.PIPE) as running:
                assert running.stdout is not None
                running.stdout.readline()
                time.sleep(chance.random() * 0.4)
                os.kill(running.pid, signal.SIGKILL)
            assert rows_of(fetched(client, folder)) == whole
