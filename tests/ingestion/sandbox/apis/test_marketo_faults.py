from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Any

import pytest
import requests

from ingestion.sandbox.apis.faults import Faults
from ingestion.sandbox.apis.marketo import FAULTS, MarketoOptions
from ingestion.sandbox.clock import HOUR
from tests.ingestion.sandbox.apis.marketo_client import (
    END,
    LEADS,
    MONTH,
    UNLIMITED,
    code,
    held,
    iso,
    month,
    shown,
    stand_in,
)

TYPES = "/rest/v1/activities/types.json"
PAGES = "/rest/v1/activities.json"


def struck(fault: str, times: int = 1, **options: Any) -> Any:
    return stand_in(
        MarketoOptions(calls_per_window=None, **options), Faults({fault: 1}, in_a_row=times)
    )


def test_servers_that_fail_and_pages_that_are_no_json() -> None:
    with struck("server_error", 3) as client:
        client.token = "any"  # noqa: S105
        codes = [client.raw("GET", TYPES).status_code for _ in range(3)]
        assert set(codes) == {502, 503}
    with struck("not_json") as client:
        client.token = "any"  # noqa: S105
        answer = client.raw("GET", TYPES)
        assert (answer.status_code, answer.text[:9]) == (200, "<!DOCTYPE")


def test_an_answer_that_comes_late() -> None:
    with struck("timeout", late_by=1) as client:
        with pytest.raises(requests.Timeout):
            requests.get(client.address + TYPES, timeout=0.2)
        client.token = "any"  # noqa: S105
        assert client.refusal(TYPES) == "601"


def test_connections_that_die_in_the_middle() -> None:
    with struck("cut") as client:
        with pytest.raises(requests.exceptions.ChunkedEncodingError):
            client.sign_in()
        with pytest.raises(requests.exceptions.ChunkedEncodingError):
            client.get(TYPES)
        assert client.get(TYPES)["success"]


def test_downloads_that_go_wrong_once() -> None:
    for fault in ("cut", "truncated_file", "checksum_mismatch"):
        faults = Faults()
        with stand_in(UNLIMITED, faults) as client:
            job = client.completed("leads", LEADS)
            id_, checksum = job["exportId"], job["fileChecksum"].removeprefix("sha256:")
            faults.rates[fault] = 1
            plain = {"headers": {"Accept-Encoding": "identity"}, "stream": True}
            answer = client.file("leads", id_, **plain)
            length = int(answer.headers["Content-Length"])
            assert (length < job["fileSize"]) == (fault == "truncated_file")
            if fault == "cut":
                with pytest.raises(requests.exceptions.ChunkedEncodingError):
                    assert answer.content
            else:
                assert len(answer.content) == length
                assert hashlib.sha256(answer.content).hexdigest() != checksum
            faults.rates[fault] = 0
            right = client.file("leads", id_)
            assert hashlib.sha256(right.content).hexdigest() == checksum


def test_a_token_that_is_over_between_two_ranges() -> None:
    faults = Faults()
    with stand_in(UNLIMITED, faults) as client:
        id_ = client.completed("leads", LEADS)["exportId"]
        first = client.file("leads", id_, headers={"Range": "bytes=0-99"})
        faults.rates["token_expired"] = 1
        refused = client.file("leads", id_, headers={"Range": "bytes=100-"})
        assert refused.status_code == 200
        assert code(refused.json()) == "602"
        faults.rates["token_expired"] = 0
        client.sign_in()
        rest = client.file("leads", id_, headers={"Range": "bytes=100-"})
        assert first.content + rest.content == client.file("leads", id_).content


def test_queues_and_quotas_that_are_full() -> None:
    for fault, message in (
        ("queue_full", "Too many jobs in queue"),
        ("export_quota", "Export daily quota 500MB exceeded"),
    ):
        with struck(fault) as client:
            id_ = client.create("leads", LEADS)
            assert client.enqueue("leads", id_)["errors"][0]["message"] == message
            assert client.enqueue("leads", id_)["success"]


def test_jobs_that_an_administrator_cancels() -> None:
    with struck("job_canceled") as client:
        assert client.completed("leads", LEADS)["status"] == "Canceled"


def test_a_row_with_a_field_too_many() -> None:
    with struck("malformed_row") as client:
        job = client.completed("leads", LEADS)
        file = client.file("leads", job["exportId"])
    *_, last = file.text.splitlines()
    assert last.count(",") == len(LEADS["fields"])
    assert job["fileChecksum"] == "sha256:" + hashlib.sha256(file.content).hexdigest()


@pytest.mark.parametrize("fault", ["empty_page", "duplicated_page", "overlapping_page"])
def test_pages_that_come_wrong_and_lose_nothing(fault: str) -> None:
    ask = {"activityTypeIds": "6,7", "batchSize": 50}
    with struck(fault, short_pages=False) as client:
        pages = list(client.pages(PAGES, client.since(END - MONTH), **ask))
    with stand_in(MarketoOptions(short_pages=False)) as other:
        right = list(other.pages(PAGES, other.since(END - MONTH), **ask))
    rows = [row["id"] for page in pages for row in page["result"]]
    expected = [row["id"] for page in right for row in page["result"]]
    assert set(rows) == set(expected)
    assert len(pages) > len(right)
    assert (len(rows) > len(expected)) == (fault != "empty_page")
    assert (0 in {len(page["result"]) for page in pages}) == (fault == "empty_page")


def test_activities_that_are_committed_late() -> None:
    mails = held().objects["activities_send_email"]
    at = float(mails.shown_from.max())
    sent = {
        one["marketoGUID"]
        for one in shown("activities_send_email", at)
        if one["activityDate"] == iso(at)
    }
    seen = []
    for rate in (0, 1):
        with stand_in(faults=Faults({"late_commit": rate}), at=at) as client:
            for _ in range(2):
                rows = client.extract("activities", {"filter": {"createdAt": month(at)}})
                seen.append(sent <= {one["marketoGUID"] for one in rows})
                client.present.advance(HOUR)
    assert sent
    assert seen == [True, True, False, True]
    assert client.faults.struck["late_commit"]


def test_a_custom_field_that_comes_and_goes() -> None:
    path = "/rest/v1/leads/describe.json"
    with struck("schema_drift") as client:
        seen = [{one["rest"]["name"] for one in client.get(path)["result"]} for _ in range(3)]
        (new,) = seen[0] - set(held().objects["leads"].fields)
        assert seen[1] == seen[0]
        assert new not in seen[2]
        told = client.post("/bulk/v1/leads/export/create.json", LEADS | {"fields": ["id", new]})
        assert code(told) == "1006"


def test_a_custom_field_has_values_while_it_is_there() -> None:
    with struck("schema_drift") as client:
        fields = client.get("/rest/v1/leads/describe.json")["result"]
        new = fields[-1]["rest"]["name"]
        rows = client.extract("leads", LEADS | {"fields": ["id", new]})
        assert any(one[new] != "null" for one in rows)


def test_moments_of_a_clock_that_is_ahead() -> None:
    with struck("clock_skew", skewed_by=300) as client:
        job = client.completed("leads", LEADS)
    assert datetime.fromisoformat(job["createdAt"]).timestamp() == END + 300


class Watched(Faults):
    """Remembers by which names it was asked."""

    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()

    def strikes(self, name: str, place: str) -> bool:
        self.names.add(name)
        return super().strikes(name, place)


def test_the_table_names_all_faults_that_are_drawn() -> None:
    faults = Watched()
    with stand_in(UNLIMITED, faults) as client:
        client.get("/rest/v1/leads/describe.json")
        client.extract("leads", LEADS)
        list(client.pages(PAGES, client.since(END - MONTH), activityTypeIds="1,2"))
    # Drawn for the activities themselves, not for a request.
    assert faults.names | {"late_commit"} == set(FAULTS)
