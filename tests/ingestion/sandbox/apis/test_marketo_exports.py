from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pytest

from ingestion.sandbox.apis.faults import Faults
from ingestion.sandbox.apis.marketo import MarketoOptions
from ingestion.sandbox.apis.marketo.attributes import folded
from ingestion.sandbox.clock import DAY, HOUR
from tests.ingestion.sandbox.apis.marketo_client import (
    ACTIVITIES,
    END,
    LEADS,
    MONTH,
    UNLIMITED,
    Client,
    code,
    held,
    iso,
    month,
    shown,
    stand_in,
    stems,
    utc,
)

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    with stand_in(UNLIMITED) as client:
        yield client


def test_a_job_from_its_creation_to_its_file() -> None:
    with stand_in() as client:
        id_ = client.create("leads", LEADS)
        early = client.file("leads", id_)
        queued = client.enqueue("leads", id_)["result"][0]
        looks = [client.look("leads", id_) for _ in range(3)]
        file = client.file("leads", id_)
        (listed,) = client.get("/bulk/v1/leads/export.json", status="Completed")["result"]
    assert early.status_code == 404
    assert early.headers["Content-Type"].startswith("text/plain")
    assert queued["status"] == "Queued"
    assert [one["status"] for one in looks] == ["Processing", "Completed", "Completed"]
    done = looks[-1]
    assert listed == done
    assert done["format"] == "CSV"
    assert done["fileChecksum"] == "sha256:" + hashlib.sha256(file.content).hexdigest()
    assert done["fileSize"] == len(file.content)
    assert done["numberOfRecords"] == file.text.count("\n") - 1
    assert client.counts.rows["/bulk/v1/leads/export/{id}/file.json"] == done["numberOfRecords"]
    # In the subscription's own zone, as the documents show it.
    assert done["finishedAt"].endswith("-08:00")
    assert datetime.fromisoformat(done["finishedAt"]).timestamp() == END


def test_a_file_in_ranges(client: Client) -> None:
    job = client.completed("leads", LEADS)
    id_, size = job["exportId"], job["fileSize"]
    whole = client.file("leads", id_).content
    parts = []
    for start in range(0, size, 1000):
        part = client.file("leads", id_, headers={"Range": f"bytes={start}-{start + 999}"})
        assert part.status_code == 206
        end = min(start + 1000, size) - 1
        assert part.headers["Content-Range"] == f"bytes {start}-{end}/{size}"
        parts.append(part.content)
    assert b"".join(parts) == whole
    rest = client.file("leads", id_, headers={"Range": f"bytes={size - 5}-"})
    last = client.file("leads", id_, headers={"Range": "bytes=-5"})
    assert rest.content == last.content == whole[-5:]
    beyond = client.file("leads", id_, headers={"Range": f"bytes={size}-"})
    assert beyond.status_code == 416


def test_a_file_is_packed_for_who_takes_it(client: Client) -> None:
    id_ = client.completed("leads", LEADS)["exportId"]
    plain = client.file("leads", id_, headers={"Accept-Encoding": "identity"})
    packed = client.file("leads", id_, headers={"Accept-Encoding": "gzip"})
    assert "Content-Encoding" not in plain.headers
    assert packed.headers["Content-Encoding"] == "gzip"
    assert int(packed.headers["Content-Length"]) < len(plain.content)
    assert packed.content == plain.content


def test_a_file_holds_the_leads_of_its_period_in_no_order(client: Client) -> None:
    rows = client.extract("leads", LEADS)
    expected = [one for one in shown("leads") if one["createdAt"] >= iso(END - MONTH)]
    ids = [one["id"] for one in rows]
    assert sorted(ids) == sorted(one["id"] for one in expected)
    assert ids != sorted(ids)


def test_the_same_job_makes_the_same_file() -> None:
    checksums = set()
    for _ in range(2):
        with stand_in() as client:
            checksums.add(client.completed("activities", ACTIVITIES)["fileChecksum"])
    assert len(checksums) == 1


def test_no_value_is_the_word_null(client: Client) -> None:
    body = LEADS | {"fields": ["id", "buyerRole"], "columnHeaderNames": {"buyerRole": "Role"}}
    rows = client.extract("leads", body)
    assert set(rows[0]) == {"id", "Role"}
    assert "null" in {one["Role"] for one in rows}
    assert "" not in {one["Role"] for one in rows}


def test_other_delimiters(client: Client) -> None:
    for format_, mark in (("TSV", "\t"), ("SSV", ";")):
        job = client.completed("leads", LEADS | {"format": format_})
        assert client.file("leads", job["exportId"]).text.startswith(f"id{mark}email{mark}")


def test_the_filter_updated_at_sees_more_than_the_field_tells(client: Client) -> None:
    start = iso(END - MONTH)
    rows = client.extract("leads", LEADS | {"filter": {"updatedAt": month()}})
    by_field = {one["id"] for one in shown("leads") if one["updatedAt"] >= start}
    by_filter = {one["id"] for one in rows}
    assert by_field < by_filter
    # Nobody but the sync with the CRM wrote to these.
    stored = held().objects["leads"]
    ids = stored.fixed["id"].take(stored.record).to_pylist()
    last = {ids[at]: stored.shown_from[at] for at in np.flatnonzero(stored.shown_from <= END)}
    assert all(last[id_] >= END - MONTH for id_ in by_filter - by_field)


@pytest.mark.parametrize(
    ("expected", "filter_"),
    [
        ("701", {}),
        ("701", {"createdAt": {"startAt": "2025-01-01T00:00:00Z"}}),
        ("704", {"createdAt": {"startAt": "2025-01-01T00:00:00.000Z", "endAt": iso(END)}}),
        ("704", {"createdAt": {"startAt": "2025-01-01", "endAt": "2025-01-02"}}),
        ("1003", {"createdAt": {"startAt": iso(END - MONTH - 1), "endAt": iso(END)}}),
        ("1003", {"createdAt": {"startAt": iso(END), "endAt": iso(END - 1)}}),
        ("1003", {"createdAt": month(), "updatedAt": month()}),
        ("1035", {"staticListId": 7}),
    ],
)
def test_filters_that_are_refused(client: Client, expected: str, filter_: dict[str, Any]) -> None:
    told = client.post("/bulk/v1/leads/export/create.json", LEADS | {"filter": filter_})
    assert code(told) == expected


def test_other_requests_that_are_refused(client: Client) -> None:
    path = "/bulk/v1/{}/export/create.json"
    assert code(client.post(path.format("leads"), LEADS | {"fields": []})) == "701"
    assert code(client.post(path.format("leads"), LEADS | {"fields": ["shoeSize"]})) == "1006"
    assert code(client.post(path.format("leads"), LEADS | {"format": "XML"})) == "1003"
    deletions = {"filter": {"createdAt": month(), "activityTypeIds": [1, 37]}}
    assert code(client.post(path.format("activities"), deletions)) == "1003"
    updated = {"filter": {"updatedAt": month()}}
    assert code(client.post(path.format("activities"), updated)) == "1035"


def test_the_filter_updated_at_may_be_disabled() -> None:
    with stand_in(MarketoOptions(allows_updated_at=False)) as client:
        body = LEADS | {"filter": {"updatedAt": month()}}
        told = client.post("/bulk/v1/leads/export/create.json", body)
        assert code(told) == "1035"
        assert "updatedAt" in told["errors"][0]["message"]


def test_a_queue_of_ten_of_which_two_are_processed() -> None:
    with stand_in() as client:
        jobs = [("leads", client.create("leads", LEADS)) for _ in range(5)]
        jobs += [("activities", client.create("activities", ACTIVITIES)) for _ in range(6)]
        told = [client.enqueue(*job) for job in jobs]
        assert all(one["success"] for one in told[:10])
        assert told[10]["errors"] == [{"code": "1029", "message": "Too many jobs in queue"}]
        again = client.enqueue(*jobs[0])
        assert again["errors"] == [{"code": "1029", "message": "Job already queued"}]
        assert client.look(*jobs[9])["status"] == "Queued"
        states = [one["status"] for one in client.get("/bulk/v1/leads/export.json")["result"]]
        assert states == ["Processing"] * 2 + ["Queued"] * 3
        for _ in range(20):
            last = client.look(*jobs[9])["status"]
        assert last == "Completed"
        assert client.enqueue(*jobs[10])["success"]


def test_the_days_bytes_are_shared_and_begin_anew_at_midnight_us_central() -> None:
    options = MarketoOptions(export_bytes_per_day=1000)
    with stand_in(options, at=utc(2025, 7, 15, 4, 59)) as client:
        now = client.present.now()
        leads = LEADS | {"filter": {"createdAt": month(now)}}
        assert client.completed("leads", leads)["fileSize"] > 1000
        id_ = client.create("activities", {"filter": {"createdAt": month(now)}})
        told = client.enqueue("activities", id_)
        expected = {"code": "1029", "message": "Export daily quota 500MB exceeded"}
        assert told["errors"] == [expected]
        client.present.advance(60)
        assert client.enqueue("activities", id_)["success"]


def test_a_status_is_refreshed_now_and_then() -> None:
    with stand_in(MarketoOptions(passing="company", refresh_every=60)) as client:
        id_ = client.create("leads", LEADS)
        client.enqueue("leads", id_)
        states = []
        for _ in range(3):
            states += [client.look("leads", id_)["status"] for _ in range(2)]
            client.present.advance(60)
    assert states == ["Processing"] * 2 + ["Completed"] * 4


def test_a_job_that_is_canceled() -> None:
    with stand_in(MarketoOptions(canceled="Cancelled")) as client:
        id_ = client.create("leads", LEADS)
        client.enqueue("leads", id_)
        told = client.post(f"/bulk/v1/leads/export/{id_}/cancel.json")["result"][0]
        assert told["status"] == client.look("leads", id_)["status"] == "Cancelled"
        assert client.file("leads", id_).status_code == 404
        assert code(client.enqueue("leads", id_)) == "1029"


def test_a_job_that_failed_must_be_created_anew() -> None:
    with stand_in(faults=Faults({"job_failed": 1}, in_a_row=1)) as client:
        job = client.completed("leads", LEADS)
        assert job["status"] == "Failed"
        assert code(client.enqueue("leads", job["exportId"])) == "1029"
        assert client.completed("leads", LEADS)["status"] == "Completed"


def test_a_file_is_there_for_seven_days_and_its_status_for_thirty() -> None:
    with stand_in(MarketoOptions(passing="real")) as client:
        id_ = client.completed("leads", LEADS)["exportId"]
        client.present.advance(7 * DAY)
        assert client.file("leads", id_).status_code == 200
        client.present.advance(HOUR)
        assert client.file("leads", id_).status_code == 404
        assert client.get("/bulk/v1/leads/export.json")["result"] == []
        assert client.look("leads", id_)["status"] == "Completed"
        client.present.advance(24 * DAY)
        assert client.refusal(f"/bulk/v1/leads/export/{id_}/status.json") == "610"


def test_a_job_is_its_creators_alone() -> None:
    with stand_in(MarketoOptions(other_clients={"another": "key"})) as client:
        id_ = client.completed("leads", LEADS)["exportId"]
        client.name = "another"
        client.sign_in()
        assert client.refusal(f"/bulk/v1/leads/export/{id_}/status.json") == "610"
        assert client.file("leads", id_).status_code == 404
        assert client.get("/bulk/v1/leads/export.json")["result"] == []


def test_jobs_are_listed_in_pages(client: Client) -> None:
    made = [client.create("leads", LEADS) for _ in range(3)]
    ids, token = [], {}
    while True:
        told = client.get("/bulk/v1/leads/export.json", batchSize=2, **token)
        ids += [one["exportId"] for one in told["result"]]
        if "nextPageToken" not in told:
            break
        token = {"nextPageToken": told["nextPageToken"]}
    assert ids[-3:] == made
    assert len(set(ids)) == len(ids)


@pytest.mark.parametrize("includes_end", [True, False])
def test_whether_a_period_includes_its_end(includes_end: bool) -> None:
    last = max(shown("leads"), key=lambda one: one["createdAt"])
    filter_ = {"createdAt": {"startAt": iso(END - MONTH), "endAt": last["createdAt"]}}
    with stand_in(MarketoOptions(includes_end=includes_end)) as client:
        rows = client.extract("leads", LEADS | {"filter": filter_})
    assert (last["id"] in {one["id"] for one in rows}) == includes_end


def test_activities_fold_what_their_type_alone_has_into_json(client: Client) -> None:
    rows = client.extract("activities", ACTIVITIES)
    assert list(rows[0]) == [
        "marketoGUID", "leadId", "activityDate", "activityTypeId", "campaignId",
        "primaryAttributeValueId", "primaryAttributeValue", "attributes",
    ]  # fmt: skip
    found = {one["marketoGUID"]: one for one in rows}
    assert len(found) == len(rows)
    assert "37" not in {one["activityTypeId"] for one in rows}
    expected = [
        one
        for stem in stems()
        for one in held().objects[stem].at(END).to_pylist()
        if one["activityDate"].replace(tzinfo=UTC).timestamp() >= END - MONTH
        and one["activityTypeId"] != 37
    ]
    assert len(expected) == len(rows)
    for one in expected:
        row = found[one["marketoGUID"]]
        own = {name: value for name, value in one.items() if name not in row}
        told = {name: value for name, value in own.items() if value not in {None, ""}}
        assert json.loads(row["attributes"]) == told
        assert row["leadId"] == one["leadId"]


def test_activities_of_some_types_and_columns(client: Client) -> None:
    filter_ = {"createdAt": month(), "activityTypeIds": [12, 32]}
    rows = client.extract("activities", {"fields": ["leadId", "activityTypeId"], "filter": filter_})
    assert {one["activityTypeId"] for one in rows} <= {"12", "32"}
    assert list(rows[0]) == ["leadId", "activityTypeId"]


def test_attributes_are_json_whatever_is_in_them() -> None:
    texts = ['say "hi"', "a\\b", "two\nlines\r", "\0", "\u2028", "Zo\u00eb", "{}", "", None]
    numbers: list[int | None] = [*range(8), None]
    table = pa.table({'odd "name"': texts, "number": numbers, "flag": [True] * 8 + [None]})
    fields = table.column_names
    for one in (table, table.set_column(0, fields[0], table[0].dictionary_encode())):
        told = [json.loads(row) for row in folded(one, fields).to_pylist()]
        assert told == [
            {name: value for name, value in row.items() if value not in {None, ""}}
            for row in table.to_pylist()
        ]
    assert folded(table, []).to_pylist() == ["{}"] * 9
