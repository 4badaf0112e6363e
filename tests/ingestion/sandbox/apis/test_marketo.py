from __future__ import annotations

import threading
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
import requests

from ingestion.sandbox.apis.faults import Faults
from ingestion.sandbox.apis.marketo import MarketoOptions
from ingestion.sandbox.clock import DAY
from tests.ingestion.sandbox.apis.marketo_client import (
    SECONDS,
    SIGN_IN,
    UNLIMITED,
    Client,
    code,
    credentials,
    held,
    shown,
    stand_in,
    utc,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

TYPES = "/rest/v1/activities/types.json"


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    with stand_in(UNLIMITED) as client:
        yield client


# -- Identity --------------------------------------------------------------------------------------


def test_a_token_stays_the_same_until_it_is_over() -> None:
    options = MarketoOptions(passing="company")
    with stand_in(options) as client:
        ask = credentials(options)
        first = requests.get(client.address + SIGN_IN, params=ask, timeout=SECONDS).json()
        client.present.advance(600)
        second = requests.post(client.address + SIGN_IN, data=ask, timeout=SECONDS).json()
        client.present.advance(3000)
        third = requests.post(client.address + SIGN_IN, params=ask, timeout=SECONDS).json()
    assert first["access_token"].endswith(":int")
    assert (first["token_type"], first["expires_in"], second["expires_in"]) == (
        "bearer",
        3600,
        3000,
    )
    assert second["access_token"] == first["access_token"] != third["access_token"]


def test_a_token_ages_in_real_seconds_by_default() -> None:
    with stand_in(MarketoOptions(token_lifetime=0)) as client:
        assert client.refusal(TYPES) == "602"


@pytest.mark.parametrize("wrong", [{"client_secret": "guess"}, {"client_id": "nobody"}])
def test_wrong_credentials_are_an_invalid_client(client: Client, wrong: dict[str, str]) -> None:
    ask = credentials(client.options) | wrong
    answer = requests.get(client.address + SIGN_IN, params=ask, timeout=SECONDS)
    assert answer.status_code == 401
    assert answer.json()["error"] == "invalid_client"


def test_another_grant_is_not_supported(client: Client) -> None:
    ask = credentials(client.options) | {"grant_type": "password"}
    assert requests.get(client.address + SIGN_IN, params=ask, timeout=SECONDS).status_code == 400


def test_a_token_counts_in_the_header_alone(client: Client) -> None:
    client.sign_in()
    ask = {"access_token": client.token}
    told = requests.get(client.address + TYPES, params=ask, timeout=SECONDS).json()
    assert code(told) == "600"


def test_an_unknown_token_is_invalid_and_a_late_one_expired() -> None:
    with stand_in(MarketoOptions(passing="company")) as client:
        client.token = "unknown:int"  # noqa: S105
        assert client.refusal(TYPES) == "601"
        client.sign_in()
        assert client.get(TYPES)["success"]
        client.present.advance(3600)
        assert client.refusal(TYPES) == "602"


# -- Answers and limits ----------------------------------------------------------------------------


def test_each_answer_has_an_id_of_its_own(client: Client) -> None:
    first, second = client.get(TYPES), client.get(TYPES)
    assert first["success"] is second["success"] is True
    assert first["requestId"] != second["requestId"]


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ("rate_limit", "606"),
        ("daily_quota", "607"),
        ("concurrency", "615"),
        ("token_invalid", "601"),
        ("token_expired", "602"),
        ("timeout_code", "604"),
        ("unavailable", "608"),
        ("system_error", "611"),
        ("transient_error", "713"),
    ],
)
def test_a_fault_by_its_code(fault: str, expected: str) -> None:
    with stand_in(faults=Faults({fault: 1})) as client:
        assert client.refusal(TYPES) == expected
        if fault.startswith("token"):
            old = client.token
            client.sign_in()
            assert client.token != old
        assert client.counts.refusals[expected] == 1
        assert client.faults.struck[fault] == 1


def test_what_is_denied_unknown_or_no_method() -> None:
    with stand_in(MarketoOptions(denied=frozenset({TYPES}))) as client:
        assert client.refusal(TYPES) == "603"
        assert client.refusal("/rest/v1/nothing.json") == "610"
        assert code(client.post("/rest/v1/leads.json")) == "605"
        assert client.refusal("/bulk/v1/leads/export/create.json") == "605"


def test_a_body_that_is_no_json(client: Client) -> None:
    answer = client.raw("POST", "/bulk/v1/leads/export/create.json", data=b"{")
    assert code(answer.json()) == "609"


def test_a_long_address_goes_as_a_form(client: Client) -> None:
    ask = {"filterType": "email", "filterValues": ",".join(["somebody@example.com"] * 300)}
    ask["fields"] = ",".join(["email"] * 500)
    path = "/rest/v1/leads.json"
    assert client.raw("GET", path, params=ask).status_code == 414
    form = client.raw("POST", path, params={"_method": "GET"}, data=ask)
    assert form.json()["success"]
    assert client.raw("POST", path, data=b"x" * 1_000_001).status_code == 413


def test_a_hundred_calls_in_twenty_seconds() -> None:
    with stand_in(MarketoOptions(passing="company", token_lifetime=DAY)) as client:
        assert all(client.get("/rest/v1/lists.json")["success"] for _ in range(100))
        assert client.refusal(TYPES) == "606"
        client.present.advance(19)
        assert client.refusal(TYPES) == "606"
        client.present.advance(1)
        assert client.get(TYPES)["success"]


@pytest.mark.parametrize(
    ("before", "hour"),
    [(utc(2025, 1, 15, 5, 59), 6), (utc(2025, 7, 15, 4, 59), 5), (utc(2025, 3, 10, 4, 59), 5)],
)
def test_the_days_calls_begin_anew_at_midnight_us_central(before: float, hour: int) -> None:
    with stand_in(MarketoOptions(calls_per_day=2), at=before) as client:
        assert client.get(TYPES)["success"]
        assert client.get(TYPES)["success"]
        assert client.refusal(TYPES) == "607"
        client.present.advance(60)
        assert datetime.fromtimestamp(client.present.now(), UTC).hour == hour
        assert client.get(TYPES)["success"]


def test_as_many_calls_at_once_as_allowed() -> None:
    faults = Faults(in_a_row=1)
    with stand_in(MarketoOptions(concurrent_calls=1, late_by=1), faults) as client:
        client.sign_in()
        faults.rates["timeout"] = 1
        slow = threading.Thread(target=client.get, args=[TYPES])
        slow.start()
        while not faults.struck["timeout"]:
            time.sleep(0.01)
        assert client.refusal("/rest/v1/lists.json") == "615"
        slow.join()
        assert client.get(TYPES)["success"]


def test_the_days_usage_and_errors() -> None:
    with stand_in() as client:
        client.get(TYPES)
        client.get("/rest/v1/leads.json")
        (usage,) = client.get("/rest/v1/stats/usage.json")["result"]
        (errors,) = client.get("/rest/v1/stats/errors.json")["result"]
    assert usage["total"] == 3  # the question itself too
    assert usage["users"] == [{"userId": client.options.client_id, "count": 3}]
    assert errors["errors"] == [{"errorCode": "701", "count": 1}]


@pytest.mark.parametrize(("fault", "counted"), [("rate_limit", 2), ("unavailable", 1)])
def test_what_counts_against_the_day(fault: str, counted: int) -> None:
    with stand_in(faults=Faults({fault: 1}, in_a_row=1)) as client:
        assert not client.get("/rest/v1/stats/usage.json")["success"]
        (usage,) = client.get("/rest/v1/stats/usage.json")["result"]
    assert usage["total"] == counted


def test_counts_by_route() -> None:
    with stand_in() as client:
        client.get("/rest/v1/lead/100001.json")
        client.get("/rest/v1/lead/100002.json")
    assert client.counts.requests["/rest/v1/lead/{id}.json"] == 2
    assert client.counts.rows["/rest/v1/lead/{id}.json"] == 2


# -- Leads -----------------------------------------------------------------------------------------


def test_fields_are_described_with_their_types(client: Client) -> None:
    fields = {
        one["rest"]["name"]: one["dataType"]
        for one in client.get("/rest/v1/leads/describe.json")["result"]
    }
    assert set(fields) == set(held().objects["leads"].fields)
    assert (fields["id"], fields["email"], fields["phone"]) == ("integer", "email", "phone")
    assert (fields["leadScore"], fields["updatedAt"]) == ("score", "datetime")
    (lead,) = client.get("/rest/v1/leads/describe2.json")["result"]
    assert {one["name"]: one["dataType"] for one in lead["fields"]} == fields
    assert ["email"] in lead["searchableFields"]
    assert ["updatedAt"] not in lead["searchableFields"]


def test_leads_by_their_ids_in_pages(client: Client) -> None:
    leads = shown("leads")[:25]
    ids = [one["id"] for one in leads]
    ask = {"filterType": "id", "filterValues": ",".join(ids), "batchSize": 10}
    path, found, token = "/rest/v1/leads.json", [], {}
    sizes = []
    while True:
        told = client.get(path, **ask, **token)
        found += told["result"]
        sizes.append(len(told["result"]))
        if not told["moreResult"]:
            break
        token = {"nextPageToken": told["nextPageToken"]}
    assert sizes == [10, 10, 5]
    assert "nextPageToken" not in told
    assert [str(one["id"]) for one in found] == ids
    assert set(found[0]) == {"id", "email", "updatedAt", "createdAt", "firstName", "lastName"}
    assert [one["updatedAt"] for one in found] == [one["updatedAt"] for one in leads]


def test_a_page_has_no_more_leads_than_300(client: Client) -> None:
    ids = ",".join(one["id"] for one in shown("leads")[:300])
    told = client.get("/rest/v1/leads.json", filterType="id", filterValues=ids, batchSize=1000)
    assert len(told["result"]) == 300


def test_a_lead_by_its_address_with_nulls(client: Client) -> None:
    lead = next(one for one in shown("leads") if one["sfdcContactId"] == "null")
    ask = {"filterType": "email", "filterValues": lead["email"].upper(), "fields": "sfdcContactId"}
    rows = client.get("/rest/v1/leads.json", **ask)["result"]
    assert {"id": int(lead["id"]), "sfdcContactId": None} in rows


def test_nulls_can_be_left_out() -> None:
    lead = next(one for one in shown("leads") if one["sfdcContactId"] == "null")
    with stand_in(MarketoOptions(omits_nulls=True)) as client:
        told = client.get(f"/rest/v1/lead/{lead['id']}.json", fields="sfdcContactId")
    assert told["result"] == [{"id": int(lead["id"])}]


@pytest.mark.parametrize(
    ("expected", "ask"),
    [
        ("701", {}),
        ("701", {"filterType": "id"}),
        ("1003", {"filterType": "updatedAt", "filterValues": "2025-01-01T00:00:00Z"}),
        ("1003", {"filterType": "id", "filterValues": ",".join(["1"] * 301)}),
        ("1003", {"filterType": "id", "filterValues": "1", "nextPageToken": "AAAA"}),
        ("1003", {"filterType": "id", "filterValues": "1", "batchSize": "many"}),
        ("1006", {"filterType": "id", "filterValues": "1", "fields": "shoeSize"}),
    ],
)
def test_searches_that_are_refused(client: Client, expected: str, ask: dict[str, str]) -> None:
    assert client.refusal("/rest/v1/leads.json", **ask) == expected


def test_a_filter_that_finds_too_many() -> None:
    ids = ",".join(one["id"] for one in shown("leads")[:6])
    with stand_in(MarketoOptions(most_found=5)) as client:
        assert client.refusal("/rest/v1/leads.json", filterType="id", filterValues=ids) == "1003"


def test_an_unknown_lead_is_no_data_or_nothing(client: Client) -> None:
    assert client.refusal("/rest/v1/lead/1.json") == "702"
    with stand_in(MarketoOptions(unknown_lead_is_empty=True)) as other:
        assert other.get("/rest/v1/lead/1.json")["result"] == []


def test_there_is_a_partition(client: Client) -> None:
    assert client.get("/rest/v1/leads/partitions.json")["result"][0]["name"] == "Default"


# -- Assets ----------------------------------------------------------------------------------------


def test_the_end_of_programs_is_a_warning_and_a_success(client: Client) -> None:
    path, rows, offset = "/rest/asset/v1/programs.json", [], 0
    while "result" in (told := client.get(path, offset=offset, maxReturn=50)):
        rows += told["result"]
        offset += 50
    assert told["success"]
    assert told["warnings"] == ["No assets found for the given search criteria."]
    assert [str(one["id"]) for one in rows] == [one["id"] for one in shown("programs")]
    assert all(one["createdAt"].endswith("Z+0000") for one in rows)
    assert {"type", "value", "folderName"} == set(rows[0]["folder"])


def test_a_page_has_no_more_assets_than_200() -> None:
    with stand_in(MarketoOptions(asset_page_size=20)) as client:
        assert len(client.get("/rest/asset/v1/programs.json", maxReturn=500)["result"]) == 20


def test_programs_updated_in_a_time(client: Client) -> None:
    path = "/rest/asset/v1/programs.json"
    everything = client.get(path)["result"]
    stamps = sorted(one["updatedAt"] for one in everything)
    earliest, latest = stamps[10].removesuffix("+0000"), stamps[20].removesuffix("+0000")
    found = client.get(path, earliestUpdatedAt=earliest, latestUpdatedAt=latest)["result"]
    inside = [one for one in everything if stamps[10] <= one["updatedAt"] <= stamps[20]]
    assert found == inside


def test_other_assets(client: Client) -> None:
    channels = client.get("/rest/asset/v1/channels.json")["result"]
    programs = client.get("/rest/asset/v1/programs.json")["result"]
    assert {one["channel"] for one in programs} == {one["name"] for one in channels}
    assert any(status["success"] for status in channels[0]["progressionStatuses"])
    campaigns = client.get("/rest/v1/campaigns.json", batchSize=50)
    more = client.get("/rest/v1/campaigns.json", nextPageToken=campaigns["nextPageToken"])
    assert len(campaigns["result"] + more["result"]) == len(shown("campaigns"))
    assert client.refusal("/rest/v1/campaigns/1.json") == "702"
    assert client.get("/rest/v1/campaigns/5001.json")["result"][0]["name"] == "Send Newsletter"
    assert client.get("/rest/asset/v1/program/1001.json")["result"][0]["id"] == 1001
    assert "warnings" in client.get("/rest/asset/v1/program/1.json")
    assert client.get("/rest/v1/lists.json")["result"] == []
