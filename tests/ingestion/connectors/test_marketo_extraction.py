"""Windows of Marketo as files: they hold what the instance holds, also killed and in trouble."""

from __future__ import annotations

import csv
import itertools
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from ingestion.connectors.download import Download
from ingestion.connectors.errors import RefusedError, UnreadableAnswerError
from ingestion.connectors.marketo.division import divide
from ingestion.connectors.marketo.extraction import ACTIVITY_COLUMNS, Activities, Extraction, Leads
from ingestion.connectors.marketo.lists import (
    Deletions,
    read_campaigns,
    read_emails,
    read_landing_pages,
    read_programs,
)
from ingestion.connectors.marketo.slices import slices
from ingestion.connectors.window import Window
from ingestion.sandbox.apis.faults import Faults
from ingestion.sandbox.apis.marketo import MarketoOptions, marketo_application
from ingestion.sandbox.apis.present import Present
from ingestion.sandbox.apis.service import served
from ingestion.sandbox.company.company import simulate
from ingestion.sandbox.systems import marketo
from ingestion.sandbox.systems.dialect import text_table
from ingestion.sandbox.systems.held import MAIN
from tests.ingestion.connectors.marketo_instance import PASSING, instance
from tests.ingestion.sandbox.apis.marketo_client import (
    END,
    PEOPLE,
    SETTINGS,
    UNLIMITED,
    Client,
    held,
    shown,
    stand_in,
    stems,
)
from tests.ingestion.sandbox.crm_links import made_links

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from ingestion.connectors.marketo.extraction import Subject
    from ingestion.sandbox.systems.held import Held

NOW = datetime.fromtimestamp(END, UTC)
FIRST = datetime.fromtimestamp(SETTINGS.start, UTC)
EVERYTHING = Window(None, NOW)
QUARTER = Window(NOW - timedelta(days=93), NOW)  # three slices
BULK_STEMS = sorted(
    one.removeprefix("activities_") for one in stems() if one != "activities_delete_lead"
)
MAPPED = ("change_score", "fill_out_form", "merge_leads")
Rows = Counter[tuple[str, ...]]

KILLED = """
import sys
from datetime import datetime
from pathlib import Path
from ingestion.connectors.http import Patience
from ingestion.connectors.marketo.division import divide
from ingestion.connectors.marketo.extraction import Activities, Extraction, Leads
from ingestion.connectors.marketo.instance import Instance
from ingestion.connectors.marketo.login import Credentials
from ingestion.connectors.window import Window
url, client, secret, start, now, folder = sys.argv[1:]
given = Credentials(url=url, client_id=client, client_secret=secret)
marketo = Instance("marketo/main", given, patience=Patience(first_wait=0.001), calls=None)
window = Window(datetime.fromisoformat(start), datetime.fromisoformat(now))
print("begun", flush=True)
for subject in (Leads(), Activities()):
    part = Path(folder, subject.kind)
    download = Extraction(marketo, subject, part, window.start, poll=0.01).run(window)
divide(download)
"""


class Died(BaseException):
    """As if the process were gone."""


def ignore(_: Download) -> None:
    """Hear of a slice."""


def records(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file, strict=True))


def divided(path: Path) -> list[dict[str, str]]:
    found: list[dict[str, str]] = pq.read_table(path).to_pylist()
    return found


def rows_of(download: Download) -> Rows:
    found = records(download.path)
    assert len(found) == download.rows
    return Counter(tuple(one.values()) for one in found)


def nothing_is_null(rows: Iterable[dict[str, str]]) -> list[tuple[tuple[str, str], ...]]:
    """Rows in an order of their own; an empty text is as empty as `null` to the mapping."""
    return sorted(
        tuple(sorted((name, "null" if one == "" else one) for name, one in row.items()))
        for row in rows
    )


def fetched(
    client: Client,
    folder: Path,
    window: Window = QUARTER,
    subject: Subject | None = None,
    tell: Callable[[Download], None] = ignore,
) -> Download:
    extraction = Extraction(instance(client), subject or Leads(), folder, FIRST, poll=0)
    return extraction.run(window, tell)


def requests_of(client: Client, end: str) -> int:
    return sum(count for path, count in client.counts.requests.items() if path.endswith(end))


@pytest.fixture(scope="module")
def quarter(tmp_path_factory: pytest.TempPathFactory) -> Rows:
    with stand_in(UNLIMITED) as client:
        return rows_of(fetched(client, tmp_path_factory.mktemp("quarter") / "leads"))


@pytest.fixture(scope="module")
def activities(tmp_path_factory: pytest.TempPathFactory) -> Download:
    """All that the log holds."""
    with stand_in(UNLIMITED) as client:
        folder = tmp_path_factory.mktemp("all") / "activities"
        return fetched(client, folder, EVERYTHING, Activities())


# -- Slices ----------------------------------------------------------------------------------------


def test_slices_leave_no_gap_and_are_as_long_as_may_be() -> None:
    start = datetime(2025, 1, 1, 10, 0, 0, 400_000, UTC)
    end = datetime(2025, 3, 20, 23, 59, 59, 1, UTC)
    found = slices(start, end)
    assert found[0][0] == start.replace(microsecond=0)
    assert found[-1][1] == datetime(2025, 3, 21, tzinfo=UTC)
    assert all(one[1] == other[0] for one, other in itertools.pairwise(found))
    assert [one[1] - one[0] for one in found[:-1]] == [timedelta(days=31)] * 2


def test_slices_are_utc_whatever_the_zone_of_the_window() -> None:
    east = NOW.astimezone(timezone(timedelta(hours=9)))
    ((start, end),) = slices(east - timedelta(days=1), east)
    assert f"{start:%FT%T} {end:%FT%T}" == f"{NOW - timedelta(days=1):%FT%T} {NOW:%FT%T}"


def test_a_window_of_nothing_has_no_slices_and_a_file_of_a_header(tmp_path: Path) -> None:
    assert slices(NOW, NOW) == slices(NOW, NOW - timedelta(days=1)) == []
    with stand_in(UNLIMITED) as client:
        download = fetched(client, tmp_path / "leads", Window(NOW, NOW))
        assert not requests_of(client, "create.json")
    assert download.is_whole
    assert rows_of(download) == Counter()
    assert download.path.read_text().startswith("id,")


# -- Leads -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("cursor", ["updatedAt", "createdAt"])
def test_all_leads_are_those_of_the_instance(cursor: Any, tmp_path: Path) -> None:
    # In full by createdAt, however short the window.
    window = EVERYTHING if cursor == "updatedAt" else Window(NOW - timedelta(days=1), NOW)
    with stand_in(UNLIMITED) as client:
        download = fetched(client, tmp_path / "leads", window, Leads(cursor))
    expected = shown("leads")
    assert download.rows == len(expected) > 1000
    assert list(records(download.path)[0]) == list(expected[0])
    assert nothing_is_null(records(download.path)) == nothing_is_null(expected)


def test_windows_side_by_side_hold_what_one_holds(quarter: Rows, tmp_path: Path) -> None:
    start, end = QUARTER.start, QUARTER.end
    cuts = [start, *(end - timedelta(days=days, hours=7) for days in (80, 45, 31, 2)), end]
    with stand_in(UNLIMITED) as client:
        found = [
            rows_of(fetched(client, tmp_path / str(at), Window(*cut)))  # type: ignore[arg-type]
            for at, cut in enumerate(itertools.pairwise(cuts))
        ]
    assert set().union(*found) == set(quarter)
    assert len(quarter) > 100


def test_a_seam_loses_nothing_whether_it_is_in_the_slice_before_or_not(tmp_path: Path) -> None:
    log = shown("activities_fill_out_form")
    at = datetime.fromisoformat(log[len(log) // 2]["activityDate"])
    window = Window(at - timedelta(days=31), at + timedelta(days=1))
    of_the_seam = {one["marketoGUID"] for one in log if one["activityDate"] == f"{at:%FT%TZ}"}
    for includes_end in (True, False):
        options = replace(UNLIMITED, includes_end=includes_end)
        with stand_in(options) as client:
            folder = tmp_path / str(includes_end)
            download = fetched(client, folder, window, Activities(("fill_out_form",)))
        assert len(download.asked["slices"]) == 2
        guids = Counter(one["marketoGUID"] for one in records(download.path))
        assert {guids[one] for one in of_the_seam} == {2 if includes_end else 1}


def test_a_filter_that_the_subscription_lacks_is_told_with_what_to_do(tmp_path: Path) -> None:
    with (
        stand_in(replace(UNLIMITED, allows_updated_at=False)) as client,
        pytest.raises(RefusedError, match=r"1035.*read leads in full, by createdAt"),
    ):
        fetched(client, tmp_path / "leads")


def test_a_field_that_is_gone_is_not_asked_for_again(quarter: Rows, tmp_path: Path) -> None:
    """Fields are those described at the beginning; if one goes, all begins anew."""
    told: list[Download] = []

    def die(download: Download) -> None:
        told.append(download)
        raise Died

    drifts = Faults({"schema_drift": 1}, in_a_row=1)
    with stand_in(UNLIMITED, drifts) as client:
        with pytest.raises(Died):
            fetched(client, tmp_path / "leads", tell=die)
        assert "marketingRegion" in told[0].asked["fields"]
    with stand_in(UNLIMITED) as client:
        assert rows_of(fetched(client, tmp_path / "leads")) == quarter


# -- Activities ------------------------------------------------------------------------------------


def test_each_type_has_a_file_that_equals_the_one_of_the_export(activities: Download) -> None:
    division = divide(activities)
    assert sorted(division.files) == BULK_STEMS
    assert not division.malformed
    assert sum(division.rows.values()) == activities.rows
    for stem, path in division.files.items():
        expected = shown(f"activities_{stem}")
        found = divided(path)
        assert len(found) == len(expected) == division.rows[stem]
        assert nothing_is_null(found) == nothing_is_null(expected), stem
        header = pq.read_schema(path).names
        assert header == list(held().objects[f"activities_{stem}"].fields), stem


def test_a_division_can_be_done_again(activities: Download) -> None:
    first = {stem: path.read_bytes() for stem, path in divide(activities).files.items()}
    again = {stem: path.read_bytes() for stem, path in divide(activities).files.items()}
    assert first == again


def test_only_the_types_that_are_wanted_come(tmp_path: Path) -> None:
    with stand_in(UNLIMITED) as client:
        download = fetched(client, tmp_path / "some", QUARTER, Activities(MAPPED))
    division = divide(download)
    assert sorted(division.files) == sorted(MAPPED)
    assert download.rows == sum(division.rows.values()) > 0


def test_a_type_that_the_instance_lacks_is_named(tmp_path: Path) -> None:
    with (
        stand_in(UNLIMITED) as client,
        pytest.raises(RefusedError, match="no type of activity for delete_lead, reply"),
    ):
        fetched(client, tmp_path / "no", QUARTER, Activities(("reply", "delete_lead")))


def delivered(folder: Path, lines: list[str], told: int | None = None) -> Download:
    """A download as if Marketo had sent these lines of two types."""
    types = [
        {"id": 1, "stem": "one", "attributes": ["New Value", 'of "quotes"', "a/b~c"]},
        {"id": 2, "stem": "two", "attributes": []},
    ]
    download = Download.begin(folder, EVERYTHING, {"types": types})
    header = ",".join(ACTIVITY_COLUMNS)
    download.path.write_bytes("\n".join([header, *lines, ""]).encode())
    return download.grown(None, len(lines) if told is None else told, is_whole=True)


def test_attributes_come_as_they_were_delivered(tmp_path: Path) -> None:
    attributes = (
        '{""New Value"":""two\\nlines, \\""quoted\\"""",""of \\""quotes\\"""":true,""a/b~c"":null,'
        '""unknown"":123456789012345678901234567890}'
    )
    lines = [
        f'g1,7,2025-01-01T00:00:00Z,1,null,,"a\nb\r\u2028,c","{attributes}"',
        "g2,8,2025-01-01T00:00:00Z,2,null,null,null,{}",
        "g3,9,2025-01-01T00:00:00Z,2,null,null,NA,",
        "g4,9,2025-01-01T00:00:00Z,2,null,null,NA,null",
    ]
    division = divide(delivered(tmp_path / "odd", lines))
    (one,) = divided(division.files["one"])
    assert one["primaryAttributeValue"] == "a\nb\r\u2028,c"
    assert one["campaignId"] == "null"
    assert one["primaryAttributeValueId"] == ""
    assert list(one.items())[-4:] == [
        ("New Value", 'two\nlines, "quoted"'),
        ('of "quotes"', "true"),
        ("a/b~c", "null"),
        ("unknown", "123456789012345678901234567890"),
    ]
    assert [row["primaryAttributeValue"] for row in divided(division.files["two"])] == [
        "null",
        "NA",
        "NA",
    ]
    assert division.rows == {"one": 1, "two": 3}


def test_rows_that_are_none_are_kept_apart(tmp_path: Path) -> None:
    lines = [
        "g1,7,2025-01-01T00:00:00Z,2,null,null,null,{}",
        "g2,7,2025-01-01T00:00:00Z,2,null,null,null,{},surplus",
        "g3,7,2025-01-01T00:00:00Z,2,null,null,null,{broken",
        "g4,7,2025-01-01T00:00:00Z,2,null,null,null,[1]",
        "g5,7,2025-01-01T00:00:00Z,nine,null,null,null,{},surplus",
        'g6,7,2025-01-01T00:00:00Z,2,null,null,null,"{}',
    ]
    division = divide(delivered(tmp_path / "malformed", lines))
    # That of no type that was asked for counts as one of the first.
    assert division.rows == {"one": 1, "two": 5}
    assert {stem: pq.read_metadata(path).num_rows for stem, path in division.files.items()} == {
        "one": 0,
        "two": 1,
    }
    malformed = {stem: divided(path) for stem, path in division.malformed.items()}
    assert malformed["one"] == [{"line": 1, "row_text": lines[4]}]
    assert [one["line"] for one in malformed["two"]] == [2, 3, 4, 5]
    assert sorted(one["row_text"] for one in malformed["two"]) == [*lines[1:4], lines[5]]


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("g1,7,2025-01-01T00:00:00Z,2,null,null,null,{}", 2),
        ("g1,7,2025-01-01T00:00:00Z,99,null,null,null,{}", 1),
        ('g1,7,2025-01-01T00:00:00Z,2,null,null,null,"{}\ng2,7,2025,2,null,null,null,{}', 2),
    ],
    ids=["too few", "unknown type", "open quote"],
)
def test_rows_that_are_lost_are_noticed(line: str, told: int, tmp_path: Path) -> None:
    with pytest.raises(UnreadableAnswerError, match="rows were read of the"):
        divide(delivered(tmp_path / "lost", [line], told))


# -- Trouble ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", PASSING)
def test_a_fault_changes_nothing_of_what_comes(fault: str, quarter: Rows, tmp_path: Path) -> None:
    rate = 0.5 if fault.startswith("token") else 1
    faults = Faults({fault: rate}, in_a_row=1)
    with stand_in(UNLIMITED, faults) as client:
        assert rows_of(fetched(client, tmp_path / "leads")) == quarter
    assert faults.struck[fault]


def test_a_malformed_row_of_activities_is_kept_apart(tmp_path: Path) -> None:
    with stand_in(UNLIMITED, Faults({"malformed_row": 1}, in_a_row=100)) as client:
        division = divide(fetched(client, tmp_path / "some", QUARTER, Activities(MAPPED)))
    texts = [one["row_text"] for path in division.malformed.values() for one in divided(path)]
    assert len(texts) == 3
    assert all(one.endswith("surplus") for one in texts)


# -- Runs that died --------------------------------------------------------------------------------


def test_a_run_that_died_goes_on_with_the_next_slice(quarter: Rows, tmp_path: Path) -> None:
    def die(download: Download) -> None:
        with download.path.open("ab") as file:
            file.write(b'"half a ro')
        raise Died

    with stand_in(UNLIMITED) as client:
        with pytest.raises(Died):
            fetched(client, tmp_path / "leads", tell=die)
        later = fetched(client, tmp_path / "leads", Window(None, NOW + timedelta(days=1)))
        assert requests_of(client, "create.json") == 3
    assert later.window == QUARTER
    assert rows_of(later) == quarter
    assert sorted(one.name for one in later.folder.iterdir()) == ["rows.csv", "state.json"]


@pytest.mark.parametrize("days", [0, 8, 31])
def test_a_file_goes_on_at_its_byte_while_its_job_is_known(
    days: int, quarter: Rows, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(part: Path, _: Download) -> None:
        os.truncate(part, 150)
        raise Died

    folder = tmp_path / "leads"
    with stand_in(UNLIMITED) as client:
        with monkeypatch.context() as patch:
            patch.setattr("ingestion.connectors.marketo.extraction._append", die)
            with pytest.raises(Died):
                fetched(client, folder)
        client.present.advance(days * 86_400)
        found = rows_of(fetched(client, folder))
        # Files are kept for 7 days, jobs for 30.
        assert requests_of(client, "create.json") == (3 if days == 0 else 4)
    assert found == quarter


def test_killed_at_any_moment_the_next_run_finds_the_same(quarter: Rows, tmp_path: Path) -> None:
    chance = random.Random(7)  # noqa: S311  # when to kill
    with stand_in(UNLIMITED) as client:
        whole = types_of(client, tmp_path / "whole")
        for number in range(3):
            folder = tmp_path / str(number)
            given = (client.options.client_id, client.options.client_secret)
            window = (str(QUARTER.start), str(QUARTER.end))
            command = [sys.executable, "-c", KILLED, client.address, *given, *window, str(folder)]
            with subprocess.Popen(command, stdout=subprocess.PIPE) as running:
                assert running.stdout is not None
                running.stdout.readline()
                time.sleep(chance.random() * 1.0)
                os.kill(running.pid, signal.SIGKILL)
            assert rows_of(fetched(client, folder / "leads")) == quarter
            assert types_of(client, folder / "activities") == whole


def types_of(client: Client, folder: Path) -> dict[str, list[str]]:
    """The rows of the files of all types, in an order of their own."""
    division = divide(fetched(client, folder, QUARTER, Activities()))
    return {stem: sorted(map(str, divided(path))) for stem, path in division.files.items()}


# -- Lists -----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def remembering() -> Held:
    """An instance that does not forget deletions after 14 days."""
    company = simulate(replace(SETTINGS, mess=replace(SETTINGS.mess, purged_history=0)))
    return marketo.hold(company, np.ones(PEOPLE, dtype=bool), MAIN, made_links(company))


@contextmanager
def standing(
    remembering: Held, options: MarketoOptions = UNLIMITED, faults: Faults | None = None
) -> Iterator[Client]:
    present, faults = Present(END), faults or Faults()
    application = marketo_application(remembering, present, faults, options)
    with served(application) as address:
        yield Client(address, options, present, faults, application.state.counts)


def deletions_of(remembering: Held) -> list[dict[str, str]]:
    stored = remembering.objects["activities_delete_lead"]
    rows: list[dict[str, str]] = text_table(stored.at(END), remembering.dialect).to_pylist()
    return rows


@pytest.mark.parametrize("fault", [None, "empty_page", "duplicated_page", "overlapping_page"])
def test_deletions_are_those_of_the_instance(
    fault: str | None, remembering: Held, tmp_path: Path
) -> None:
    faults = Faults({fault: 0.5} if fault else {})
    with standing(remembering, replace(UNLIMITED, page_size=2), faults) as client:
        download = Deletions(instance(client), tmp_path / "deletions", FIRST).run(EVERYTHING)
    found, expected = records(download.path), deletions_of(remembering)
    assert download.rows == len(found) >= len(expected) > 3
    assert list(found[0]) == list(expected[0])
    assert set(nothing_is_null(found)) == set(nothing_is_null(expected))


def test_deletions_of_a_window_begin_with_it(remembering: Held, tmp_path: Path) -> None:
    expected = deletions_of(remembering)
    start = expected[2]["activityDate"]
    window = Window(datetime.fromisoformat(start), NOW)
    with standing(remembering) as client:
        download = Deletions(instance(client), tmp_path / "deletions", FIRST).run(window)
    found = {one["marketoGUID"] for one in records(download.path)}
    assert found == {one["marketoGUID"] for one in expected if one["activityDate"] >= start}


def test_deletions_go_on_at_their_page_or_begin_anew(remembering: Held, tmp_path: Path) -> None:
    options = replace(UNLIMITED, page_size=1, short_pages=False)
    with standing(remembering, options) as client:
        deletions = Deletions(instance(client), tmp_path / "deletions", FIRST)
        whole = deletions.run(EVERYTHING)
        expected = whole.path.read_bytes()
        since = deletions.instance.paging_token(f"{FIRST:%Y-%m-%dT%H:%M:%SZ}")
        second = next(deletions.instance.deletions(since)).following
        lines = expected.splitlines(keepends=True)
        for token, pages in ((second, whole.rows - 1), ("of no use", whole.rows + 1)):
            begun = Download.begin(whole.folder, EVERYTHING, whole.asked)
            begun.path.write_bytes(b"".join(lines[:2]))
            begun.grown(token, 1, is_whole=False).path.open("ab").write(b"half a ro")
            before = requests_of(client, "deletedleads.json")
            again = deletions.run(EVERYTHING)
            assert again.path.read_bytes() == expected
            assert again.rows == whole.rows
            assert requests_of(client, "deletedleads.json") - before == pages


@pytest.mark.parametrize(
    ("stem", "read", "least"),
    [
        ("programs", read_programs, 20),
        ("campaigns", read_campaigns, 20),
        ("emails", read_emails, 0),
        ("landing_pages", read_landing_pages, 3),
    ],
)
def test_assets_are_those_of_the_instance(
    stem: str, read: Callable[..., Download], least: int, tmp_path: Path
) -> None:
    with stand_in(replace(UNLIMITED, asset_page_size=20, page_size=20)) as client:
        download = read(instance(client), tmp_path / stem, EVERYTHING)
        before = sum(client.counts.requests.values())
        assert read(instance(client), tmp_path / stem, EVERYTHING) == download
        assert sum(client.counts.requests.values()) == before
    found, expected = records(download.path), shown(stem)
    assert download.rows == len(found) > least
    assert list(found[0]) == list(expected[0])
    assert nothing_is_null(found) == nothing_is_null(expected)
