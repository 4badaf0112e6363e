"""Bulk API 2.0 of the stand-in of Salesforce: jobs and their pages."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest

from ingestion.sandbox.apis.salesforce import Options
from ingestion.sandbox.apis.salesforce.kept import Kept
from ingestion.sandbox.clock import DAY
from tests.ingestion.sandbox.apis.salesforce_client import (
    ALL_LEADS,
    Client,
    company,
    frame,
    refused,
    rows_of,
    standing,
)

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    """Of a stand-in at which nothing goes wrong and of which no test changes anything."""
    with standing() as one:
        yield one


def test_the_life_of_a_job(client: Client) -> None:
    created = client.create(ALL_LEADS)
    assert created.status_code == 200
    job = created.json()
    assert job["id"].startswith("750")
    assert job["createdDate"] == job["systemModstamp"]
    assert job["createdDate"].endswith(".000+0000")
    for key in ("id", "createdById", "createdDate", "systemModstamp"):
        del job[key]
    assert job == {
        "operation": "query", "object": "Lead", "state": "UploadComplete",
        "concurrencyMode": "Parallel", "contentType": "CSV", "apiVersion": 67.0,
        "lineEnding": "LF", "columnDelimiter": "COMMA",
    }  # fmt: skip
    name = created.json()["id"]
    refused(client.results(name), 400, "INVALIDJOBSTATE")
    polls = [client.get(f"jobs/query/{name}").json() for _ in range(4)]
    assert [one["state"] for one in polls] == [
        "UploadComplete", "InProgress", "JobComplete", "JobComplete"
    ]  # fmt: skip
    leads = frame("Lead", client.org.present.now())
    assert polls[-1]["numberRecordsProcessed"] == int((~leads.IsDeleted).sum())
    assert (polls[-1]["jobType"], polls[-1]["retries"]) == ("V2Query", 0)
    assert polls[-1]["totalProcessingTime"] > 0


def test_pages_reconcile_and_hold_what_the_org_holds(client: Client) -> None:
    job = client.done(ALL_LEADS, "queryAll")
    pages = list(client.pages(job, 200))
    counts = [int(page.headers["Sforce-NumberOfRecords"]) for page in pages]
    assert counts[:-1] == [200] * (len(pages) - 1)
    assert sum(counts) == client.poll(job)["numberRecordsProcessed"]
    assert pages[-1].headers["Sforce-Locator"] == "null"
    rows = [row for page in pages for row in rows_of(page)]
    leads = frame("Lead", client.org.present.now())
    assert len(rows) == len(leads)
    for row in rows:
        held = leads.loc[row["Id"]]
        assert row["Status"] == held.Status
        assert row["SystemModstamp"] == f"{held.SystemModstamp.isoformat()}.000Z"
        converted = held.ConvertedDate
        assert row["ConvertedDate"] == ("" if pd.isna(converted) else converted.isoformat())


def test_columns_are_in_the_order_of_the_select_and_all_is_quoted(client: Client) -> None:
    text = client.results(client.done("SELECT Status, Id, ConvertedDate FROM Lead")).text
    assert text.startswith('"Status","Id","ConvertedDate"\n')
    assert text.endswith("\n")
    lines = text.splitlines()
    assert all(line.startswith('"') and line.endswith('"') for line in lines)
    assert any(line.endswith(',""') for line in lines)


def test_line_breaks_and_quotes_are_quoted(client: Client) -> None:
    job = client.done("SELECT Id, Greeting__c FROM Lead")
    page = client.results(job)
    assert page.text.count('""') == 2 * (count := int(page.headers["Sforce-NumberOfRecords"]))
    assert page.text.count("\n") == 2 * count + 1
    leads = frame("Lead", client.org.present.now())
    for row in rows_of(page):
        assert row["Greeting__c"].endswith(f'\n"{leads.Company[row["Id"]]}"')


def test_a_page_may_be_fetched_again(client: Client) -> None:
    job = client.done(ALL_LEADS)
    second = client.results(job, maxRecords=100).headers["Sforce-Locator"]
    pages = [client.results(job, maxRecords=100, locator=second) for _ in range(2)]
    assert pages[0].text == pages[1].text
    assert pages[0].headers["Sforce-Locator"] == pages[1].headers["Sforce-Locator"]
    assert not {row["Id"] for row in rows_of(pages[0])} & {
        row["Id"] for row in rows_of(client.results(job, maxRecords=100))
    }
    for wrong in ("nonsense", "MTAw!", "LTE", "OTk5OTk5OTk", "\u00e9"):
        answer = client.results(job, maxRecords=100, locator=wrong)
        refused(answer, 400, "INVALID_QUERY_LOCATOR")
    for number in ("0", "-1", "many", "9" * 5_000):
        refused(client.results(job, maxRecords=number), 400, "INVALID_FIELD")


@pytest.mark.parametrize(("end", "told"), [("null", "null"), ("empty", ""), ("absent", None)])
def test_the_last_page_ends_in_one_of_three_ways(end: Any, told: str | None) -> None:
    with standing(Options(end_of_results=end)) as client:
        page = client.results(client.done("SELECT Id FROM User"))
        assert page.headers.get("Sforce-Locator") == told


def test_nothing_found_is_a_header_and_no_rows(client: Client) -> None:
    page = client.results(client.done("SELECT Id FROM Lead WHERE Email = 'nobody'"))
    assert page.text == '"Id"\n'
    assert page.headers["Sforce-NumberOfRecords"] == "0"
    assert page.headers["Sforce-Locator"] == "null"


def test_rows_are_in_no_order_but_always_in_the_same(client: Client) -> None:
    rows = [client.bulk(ALL_LEADS) for _ in range(2)]
    assert rows[0] == rows[1]
    for field in ("Id", "SystemModstamp"):
        values = [row[field] for row in rows[0]]
        assert values not in (sorted(values), sorted(values, reverse=True))
        assert values[-1] != max(values)
    ordered = [row["Id"] for row in client.bulk(f"{ALL_LEADS} ORDER BY Id LIMIT 500")]
    assert ordered == sorted(row["Id"] for row in rows[0])[:500]


def test_a_job_shows_the_moment_of_its_creation() -> None:
    moment = company()[1] - 200 * DAY
    with standing(moment=moment) as client:
        job = client.create(ALL_LEADS, "queryAll").json()["id"]
        client.org.present.advance(3 * DAY)
        assert client.poll(job)["state"] == "JobComplete"
        rows = rows_of(client.results(job))
        before = frame("Lead", moment)
        assert {row["Id"] for row in rows} == set(before.index)
        later = {row["Id"] for row in client.bulk(ALL_LEADS, "queryAll")}
        assert later - set(before.index)


def test_another_version_gets_no_results(client: Client) -> None:
    job = client.done(ALL_LEADS)
    for path in ("results", "resultPages"):
        answer = client.get(f"/services/data/v66.0/jobs/query/{job}/{path}")
        refused(answer, 409, "VERSION_MISMATCH")
    assert client.get(f"/services/data/v66.0/jobs/query/{job}").status_code == 200


def test_results_are_gone_after_seven_days() -> None:
    with standing() as client:
        job = client.done(ALL_LEADS)
        client.org.present.advance(7 * DAY - 1)
        assert client.results(job).status_code == 200
        client.org.present.advance(1)
        refused(client.results(job), 404, "NOT_FOUND")


def test_up_to_five_pages_can_be_fetched_side_by_side(client: Client) -> None:
    job, found, path = client.done(ALL_LEADS), [], ""
    told = client.get(f"jobs/query/{job}/resultPages", maxRecords=100).json()
    while True:
        assert 0 < len(told["resultPages"]) <= 5
        for page in told["resultPages"]:
            found += [row["Id"] for row in rows_of(client.get(page["resultUrl"]))]
        path = told["nextRecordsUrl"]
        if told["done"]:
            break
        told = client.get(path).json()
    assert path is None
    assert len(found) == len(set(found)) == client.poll(job)["numberRecordsProcessed"]


def test_pages_fetched_at_once_are_those_fetched_in_turn(client: Client) -> None:
    job = client.done(f"{ALL_LEADS} WHERE Id != null")
    told = client.get(f"jobs/query/{job}/resultPages", maxRecords=100).json()
    paths = [one["resultUrl"] for one in told["resultPages"]]
    with ThreadPoolExecutor(4) as pool:
        at_once = list(pool.map(lambda path: client.get(path).text, paths))
    assert at_once == [client.get(path).text for path in paths]


def test_result_pages_came_with_version_58(client: Client) -> None:
    answer = client.get("/services/data/v55.0/jobs/query/750/resultPages")
    refused(answer, 404, "NOT_FOUND")


def test_abort_delete_and_list() -> None:
    with standing() as client:
        job = client.create(ALL_LEADS).json()["id"]
        address = f"{client.url}{client.root}/jobs/query/{job}"
        refused(client.session.delete(address, timeout=20), 400, "INVALIDJOBSTATE")
        answer = client.session.patch(address, json={"state": "Aborted"}, timeout=20)
        assert answer.json()["state"] == "Aborted"
        assert client.get(f"jobs/query/{job}").json()["state"] == "Aborted"
        refused(client.results(job), 400, "INVALIDJOBSTATE")
        assert [one["id"] for one in client.get("jobs/query").json()["records"]] == [job]
        deleted = client.session.delete(address, timeout=20)
        assert (deleted.status_code, deleted.content) == (204, b"")
        refused(client.get(f"jobs/query/{job}"), 404, "NOT_FOUND")
        done = client.done(ALL_LEADS)
        answer = client.session.patch(
            f"{client.url}{client.root}/jobs/query/{done}",
            json={"state": "Aborted"},
            timeout=20,
        )
        refused(answer, 400, "INVALIDJOBSTATE")


@pytest.mark.parametrize(
    ("soql", "code", "message"),
    [
        ("SELECT Id FROM TaskStatus", "INVALIDENTITY",
         "Entity 'TaskStatus' is not supported by the Bulk API."),
        ("SELECT Id, Address FROM Lead", "API_ERROR",
         "Selecting compound data not supported in Bulk Query"),
        ("SELECT COUNT() FROM Lead", "API_ERROR", "Aggregate functions not supported"),
        ("SELECT MAX(Id) FROM Lead", "API_ERROR", "Aggregate functions not supported"),
        ("SELECT Status FROM Lead GROUP BY Status", "API_ERROR", "GROUP BY clauses not"),
        ("SELECT Id FROM Lead OFFSET 5", "API_ERROR", "OFFSET clauses not supported"),
        ("SELECT TYPEOF Who WHEN Lead THEN Id END FROM Task", "API_ERROR", "TYPEOF clauses"),
        ("SELECT Id, (SELECT Id FROM Contacts) FROM Account", "API_ERROR",
         "Aggregate Relationships not supported in Bulk Query"),
        ("SELECT Id FROM Nothing", "INVALID_TYPE", "\nSELECT Id FROM Nothing"),
        ("SELECT Foo__c FROM Lead", "INVALID_FIELD", "\nSELECT Foo__c FROM Lead"),
        ("SELECT", "MALFORMED_QUERY", "\nSELECT"),
        ("", "MALFORMED_QUERY", ""),
        ("SELECT Id FROM Lead WHERE Email = '\ud800", "MALFORMED_QUERY", ""),
    ],
)  # fmt: skip
def test_what_bulk_refuses(client: Client, soql: str, code: str, message: str) -> None:
    assert refused(client.create(soql), 400, code).startswith(message)


def test_a_bad_query_may_fail_as_a_job_instead() -> None:
    with standing(Options(bad_queries="failed")) as client:
        job = client.create("SELECT Foo__c FROM Lead").json()
        assert (job["state"], job["object"]) == ("UploadComplete", "Lead")
        info = client.poll(job["id"])
        assert (info["state"], info["numberRecordsProcessed"]) == ("Failed", 0)
        assert info["errorMessage"].startswith("INVALID_FIELD: \nSELECT Foo__c FROM Lead")
        refused(client.results(job["id"]), 400, "INVALIDJOBSTATE")
        refused(client.create("SELECT Id FROM Nothing"), 400, "INVALID_TYPE")


def test_an_object_without_bulk_is_there_for_rest() -> None:
    with standing(Options(without_bulk=frozenset({"LeadStatus"}))) as client:
        refused(client.create("SELECT Id FROM LeadStatus"), 400, "INVALIDENTITY")
        assert client.records("SELECT Id, MasterLabel, SortOrder FROM LeadStatus")


@pytest.mark.parametrize(
    "wrong", [{"operation": "insert"}, {"contentType": "JSON"}, {"lineEnding": "CR"},
              {"columnDelimiter": "DOT"}]
)  # fmt: skip
def test_a_job_that_cannot_be_is_refused(client: Client, wrong: dict[str, str]) -> None:
    refused(client.create(ALL_LEADS, **({"operation": "query"} | wrong)), 400, "INVALIDJOB")


def test_a_body_that_is_not_json_is_refused(client: Client) -> None:
    for body in ("{", "[]"):
        answer = client.session.post(f"{client.url}{client.root}/jobs/query", data=body, timeout=20)
        refused(answer, 400, "JSON_PARSER_ERROR")


def test_pages_are_compressed_for_those_who_can_read_it(client: Client) -> None:
    job = client.done(ALL_LEADS)
    zipped = client.results(job)
    assert zipped.headers["Content-Encoding"] == "gzip"
    plain = client.get(f"jobs/query/{job}/results", headers={"Accept-Encoding": "identity"})
    assert "Content-Encoding" not in plain.headers
    assert plain.text == zipped.text
    assert int(zipped.headers["Content-Length"]) < len(plain.content) / 2


def test_other_delimiters_and_line_ends(client: Client) -> None:
    job = client.done("SELECT Id, Status FROM Lead", columnDelimiter="TAB", lineEnding="CRLF")
    lines = client.results(job, maxRecords=10).content.split(b"\r\n")
    assert lines[0] == b'"Id"\t"Status"'
    assert (len(lines), lines[-1]) == (12, b"")


def test_it_counts_what_it_does() -> None:
    with standing() as client:
        rows = client.bulk(ALL_LEADS, rows=300)
        records = client.records("SELECT Id FROM User")
        counts = client.org.counts
        assert counts.rows == {"Lead": len(rows), "User": len(records)}
        assert counts.requests["create_job"] == 1
        assert counts.requests["poll_job"] == 3
        assert counts.requests["results"] == -(-len(rows) // 300)
        assert counts.requests["query"] == 1


def test_results_that_were_forgotten_are_made_anew() -> None:
    with standing(Options(results_cached=1, pages_cached=1)) as client:
        jobs = [client.done(ALL_LEADS), client.done("SELECT Id FROM User")]
        texts = [[client.results(job).text for job in jobs] for _ in range(2)]
        assert texts[0] == texts[1]


def test_what_is_asked_for_by_many_is_made_once() -> None:
    kept: Kept[int] = Kept(2)
    made: list[int] = []

    def make() -> int:
        time.sleep(0.05)
        made.append(1)
        return 7

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(lambda _: kept.get("a", make), range(4))) == [7] * 4
    assert len(made) == 1
    assert [kept.get(one, make) for one in "bcbca"] == [7] * 5
    assert len(made) == 4


def test_what_failed_is_tried_again() -> None:
    kept: Kept[int] = Kept(2)
    with pytest.raises(ZeroDivisionError):
        kept.get("a", lambda: 1 // 0)
    assert kept.get("a", lambda: 7) == 7
