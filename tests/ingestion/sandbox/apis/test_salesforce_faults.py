"""What goes wrong at the stand-in of Salesforce, and that a patient client comes through."""

from __future__ import annotations

import time
from typing import Any

import pandas as pd
import pytest
import requests

from ingestion.sandbox.apis.salesforce import FAULTS, Options
from ingestion.sandbox.clock import DAY, MINUTE
from tests.ingestion.sandbox.apis.salesforce_client import (
    ALL_LEADS,
    Client,
    company,
    frame,
    refused,
    rows_of,
    standing,
    stored,
)


def test_an_unknown_fault_is_an_error() -> None:
    with pytest.raises(ValueError, match="no such faults"), standing(earthquake=1):
        pass


def test_each_fault_has_a_test() -> None:
    tests = [name for name in globals() if name.startswith("test_")]
    assert [
        name for name in FAULTS if not any(one.startswith(f"test_{name}") for one in tests)
    ] == []


def again(client: Client, path: str, status: int, code: str) -> None:
    """A fault of rate 1 strikes twice, and lets the third request through."""
    for _ in range(2):
        refused(client.get(path), status, code)
    assert client.get(path).status_code == 200


def test_request_limit() -> None:
    with standing(request_limit=1) as client:
        again(client, "limits", 403, "REQUEST_LIMIT_EXCEEDED")


def test_api_disabled() -> None:
    with standing(api_disabled=1) as client:
        again(client, "limits", 403, "API_DISABLED_FOR_ORG")


def test_metering() -> None:
    with standing(metering=1) as client:
        again(client, "limits", 400, "TXN_SECURITY_METERING_ERROR")


def test_job_limit() -> None:
    with standing(job_limit=1) as client:
        message = refused(client.create(ALL_LEADS), 400, "LIMIT_EXCEEDED")
        assert message == "Max bulk v2 query jobs (10000) per 24 hrs has been reached"


def test_server_error() -> None:
    with standing(server_error=1) as client:
        answers = [client.get("limits") for _ in range(3)]
        assert {answers[0].status_code, answers[1].status_code} == {500, 503}
        assert {one.json()[0]["errorCode"] for one in answers[:2]} == {
            "UNKNOWN_EXCEPTION", "SERVER_UNAVAILABLE"
        }  # fmt: skip
        assert answers[2].status_code == 200


def test_query_timeout() -> None:
    with standing(query_timeout=1) as client:
        refused(client.query("SELECT Id FROM Lead"), 400, "QUERY_TIMEOUT")


def test_edge_420() -> None:
    with standing(edge_420=1) as client:
        answer = client.get("limits")
        assert answer.status_code == 420
        with pytest.raises(requests.JSONDecodeError):
            answer.json()


def test_timeout() -> None:
    with standing(Options(late_seconds=0.3), timeout=1) as client:
        begun = time.monotonic()
        assert client.get("limits").status_code == 200
        assert time.monotonic() - begun > 0.3


def test_cut() -> None:
    with standing(cut=1) as client:
        for _ in range(2):
            with pytest.raises(
                (requests.ConnectionError, requests.exceptions.ChunkedEncodingError)
            ):
                client.get("sobjects")
        assert client.get("sobjects").status_code == 200


def test_session_expired_also_between_two_pages() -> None:
    with standing() as client:
        job = client.done(ALL_LEADS)
        first = client.results(job, maxRecords=100)
        client.org.faults.rates["session_expired"] = 1
        following = {"maxRecords": 100, "locator": first.headers["Sforce-Locator"]}
        refused(client.results(job, **following), 401, "INVALID_SESSION_ID")
        client.org.faults.rates["session_expired"] = 0
        refused(client.results(job, **following), 401, "INVALID_SESSION_ID")
        client.sign_in(client.org.sessions.issue())
        assert client.results(job, **following).status_code == 200


def test_job_failed() -> None:
    with standing(job_failed=1) as client:
        info = client.poll(client.create(ALL_LEADS).json()["id"])
        assert info["state"] == "Failed"
        assert info["errorMessage"]
        assert info["retries"] == 15


def test_job_aborted() -> None:
    with standing(job_aborted=1) as client:
        assert client.poll(client.create(ALL_LEADS).json()["id"])["state"] == "Aborted"


def test_duplicated_page() -> None:
    with standing(duplicated_page=1) as client:
        ids = [row["Id"] for row in client.bulk(ALL_LEADS, rows=100)]
        leads = frame("Lead", client.org.present.now())
        assert set(ids) == set(leads.index[~leads.IsDeleted])
        assert len(ids) > len(set(ids))
        rest = [one["Id"] for one in client.records("SELECT Id FROM Lead", batch=200)]
        assert set(rest) == set(ids)
        assert len(rest) > len(set(rest))


def test_short_page() -> None:
    with standing(short_page=1) as client:
        first = client.query("SELECT Id FROM Lead", Sforce_Query_Options="batchSize=200").json()
        assert len(first["records"]) == 100
        found = [one["Id"] for one in client.records("SELECT Id FROM Lead", batch=200)]
        assert len(found) == len(set(found)) == first["totalSize"]


def test_malformed_row() -> None:
    with standing(malformed_row=1) as client:
        for soql, usual in ((ALL_LEADS, 5), ("SELECT Id FROM Lead", 1)):
            job = client.done(soql)
            lines = client.results(job, maxRecords=11).text.splitlines()
            counts = [line.count('","') + 1 for line in lines]
            assert len(counts) == 12
            assert sorted(set(counts)) in ([usual - 1, usual], [usual, usual + 1])
            assert counts.count(usual) == 11


def test_null_byte() -> None:
    with standing(null_byte=1) as client:
        job = client.done(ALL_LEADS)
        damaged = client.results(job)
        assert damaged.text.count("\0") == 1
        client.org.faults.rates["null_byte"] = 0
        assert damaged.text.replace("\0", "") == client.results(job).text


def test_late_commit() -> None:
    leads = stored("Lead")
    moment = float(leads.shown_from[len(leads.shown_from) // 2])
    with standing(Options(commit_delay=300), moment=moment, late_commit=1) as client:
        asked = "SELECT Id, SystemModstamp FROM Lead"
        now = {(one["Id"], one["SystemModstamp"]) for one in client.records(asked, "queryAll")}
        client.org.present.advance(5 * MINUTE)
        told = client.records(asked, "queryAll")
        later = {(one["Id"], one["SystemModstamp"]) for one in told}
        assert {one[0] for one in now} <= {one[0] for one in later}
        below = pd.Timestamp(moment, unit="s", tz="UTC").isoformat()[:19]
        late = [stamp for _, stamp in later - now if stamp[:19] <= below]
        assert late


def test_late_commits_strike_their_share_and_lose_nothing() -> None:
    end = company()[1]
    with standing(late_commit=0.3) as client:
        client.org.present.set(end + DAY)
        found = {one["Id"] for one in client.records("SELECT Id FROM Lead", "queryAll")}
        assert found == set(frame("Lead", end + DAY).index)


def test_schema_drift() -> None:
    with standing(schema_drift=0.6) as client:
        seen = set()
        for _ in range(20):
            told = client.get("sobjects/Lead/describe").json()["fields"]
            names = tuple(one["name"] for one in told if one["custom"])
            if names not in seen and "Added_Later__c" in names:
                records = client.records("SELECT Added_Later__c FROM Lead LIMIT 3")
                assert [one["Added_Later__c"] for one in records] == ["default"] * 3
            seen.add(names)
        assert len(seen) == 3
        assert len({len(names) for names in seen}) == 2
        everything = set.union(*map(set, seen))
        assert everything - set.intersection(*map(set, seen)) > {"Added_Later__c"}


def test_clock_skew() -> None:
    with standing(Options(clock_skew=180), clock_skew=1) as client:
        answer = client.create(ALL_LEADS)
        now = client.org.present.now()
        assert pd.Timestamp(answer.headers["Date"]).timestamp() == now + 180
        assert pd.Timestamp(answer.json()["createdDate"]).timestamp() == now + 180


def test_not_json() -> None:
    with standing(not_json=1) as client:
        answer = client.query("SELECT Id FROM Lead")
        assert (answer.status_code, answer.text[:15]) == (200, "<!DOCTYPE html>")
        assert answer.headers["Content-Type"].startswith("text/html")


def test_insufficient_access() -> None:
    with standing(insufficient_access=1) as client:
        refused(client.query("SELECT Id FROM Lead"), 403, "INSUFFICIENT_ACCESS")
        refused(client.get("sobjects/Lead/describe"), 403, "INSUFFICIENT_ACCESS")
        refused(client.create("SELECT Id FROM Contact"), 403, "INSUFFICIENT_ACCESS")


def test_a_patient_client_gets_everything() -> None:
    rates = dict.fromkeys(("request_limit", "server_error", "edge_420", "session_expired"), 0.2)
    with standing(**rates, cut=0.2, not_json=0.1) as client:
        job = patiently(client, lambda: client.create(ALL_LEADS).json()["id"])
        while patiently(client, lambda: client.get(f"jobs/query/{job}").json()["state"]) != (
            "JobComplete"
        ):
            pass
        rows, asked = [], {"maxRecords": 100}
        while asked.get("locator") != "null":
            page = patiently(client, lambda: client.results(job, **asked))
            rows += rows_of(page)
            asked["locator"] = page.headers["Sforce-Locator"]
        leads = frame("Lead", client.org.present.now())
        assert sorted(row["Id"] for row in rows) == sorted(leads.index[~leads.IsDeleted])
        assert sum(client.org.faults.struck.values()) > 10


def patiently(client: Client, ask: Any) -> Any:
    """What is asked for, as soon as it comes."""
    for _ in range(40):
        client.sign_in(client.org.sessions.issue())
        try:
            answer = ask()
        except (requests.RequestException, TypeError, KeyError):
            continue
        if not isinstance(answer, requests.Response) or "Sforce-Locator" in answer.headers:
            return answer
    raise TimeoutError
